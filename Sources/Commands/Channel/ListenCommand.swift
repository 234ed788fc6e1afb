internal import Arguments
internal import CommandSupport

/// `weir channel listen`
enum ListenCommand {
  static let one = Option.flag("one", "End after one message").with { $0.conflicts = ["count"] }
  static let count = Option.value("count", "N", "End after N messages; the parts of one count once")
  static let timeout = Option.value("timeout", "DURATION", "End with exit code 124 after this long without a message")
    .with { $0.details = "250ms, 5s, 10m, 2h." }
  static let echo = Option.flag("echo", "Answer requests with their own headers and body").with {
    $0.conflicts = ["reply", "into"]
  }
  static let reply = Option.value("reply", "TEXT", "Answer requests with this body").with { $0.conflicts = ["into"] }
  static let quiet = Option.flag("quiet", short: "q", "Do not print messages")
  static let accept = Option.values(
    "accept", "NAME:VALUE", "Accept only peers whose hello has this header; repeated, all of them")
  static let hello = Option.values(
    "hello", "NAME:VALUE", "Add a header to the answer to hellos; may be repeated")
  static let into = Option.value("into", "POOL", "Append every message to a pool").with {
    $0.source = .pool
    $0.details = """
      A body that is a JSON object becomes the data of a message; anything else is stored as an object with the members body, or \
      body_base64, and headers. A request is answered when the message is in the pool, with its sequence number in the header \
      seq, or with the header error when it could not be stored. What is printed has the member seq.

      Messages of `weir channel send --from` keep their tags, and one that comes a second time in this run is answered and not \
      stored again.
      """
  }
  static let create = Option.flag("create", "Make the pool of --into if it is missing").with { $0.requires = ["into"] }
  static let createSize = Option.value(
    "create-size", "SIZE", "The size of the pool if it is made; implies --create"
  ).with { $0.requires = ["into"] }
  static let tag = Option.values("tag", short: "t", "TAG", "Tag every message of --into; may be repeated").with {
    $0.requires = ["into"]
  }
  static let readyFile = Option.value("ready-file", "FILE", "Write the address to a file when it is bound").with {
    $0.source = .file
    $0.details =
      "For scripts that let the system choose the port. The file appears as a whole, or replaces an older one."
  }

  static func command(_ secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("listen", "Print the messages that peers send, and answer them").with {
      $0.details = """
        Listens at an address, accepts whoever connects, answers their hellos and byes, and prints every message: one compact line \
        in a pipe, indented on a terminal. Notices on standard error say where it really listens, and when channels open and close.

        A message has the members channel, id, op (request, response or signal), more (true if further parts with the same id \
        follow), headers, and body. headers is a list of [name, value] pairs, for names may repeat. A body that is not UTF-8 is \
        body_base64 instead, headers that are not are headers_base64. status is there if the peer set one.

        Requests are answered with --echo, --reply or --into, and are otherwise left unanswered.

        When asked to stop (Ctrl-C, SIGTERM) it says bye to its peers, waits up to five seconds for their answers, and ends. With \
        --one or --count it first gives them a second to say bye themselves.
        """
      $0.positionals = [ChannelFamily.address]
      $0.options =
        [one, count, timeout, echo, reply, quiet, into, create, createSize, tag, accept, hello, readyFile]
        + SecureOptions.ofListeners
        + [Globals.json, Globals.jsonLines]
      $0.examples = [
        ProgramCommand.Example("see what comes", "weir channel listen tcp://127.0.0.1:7099"),
        ProgramCommand.Example(
          "a port that is free, for a script", "weir channel listen tcp://127.0.0.1:0 --ready-file addr"),
        ProgramCommand.Example(
          "into a pool, answering what is stored", "weir channel listen tcp://*:7099 --into inbox --create"),
        ProgramCommand.Example(
          "with TLS", "weir channel listen tls://*:7099 --echo --tls-cert server.pem --tls-key server.key"),
      ]
      $0.action = Action { (invocation, session) throws(CommandError) in
        let options = try ListenOptions(invocation, session, secure)
        return try Listening(options, session).run()
      }
    }
  }
}
