internal import Arguments
internal import Channels
package import CommandSupport

/// The commands about channels.
package enum ChannelFamily {
  /// - Parameter secure: Makes what tls addresses need; nil where the build has no TLS.
  package static func command(secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("channel", "Talk to other programs over TCP, TLS and Unix-domain sockets").with {
      $0.details = """
        A channel carries messages between two programs: requests, responses and signals, each with text headers and a body. One \
        side listens at an address, the other connects.

        Addresses:
            tcp://HOST:PORT   TCP; * listens on every interface, port 0 on one that is free
            tls://HOST:PORT   TLS over TCP
            unix:PATH         a Unix-domain socket; unix:@NAME an abstract one of Linux
        """
      $0.subcommands = [
        ListenCommand.command(secure), SendCommand.command(secure), RequestCommand.command(secure),
        BenchCommand.command(secure),
      ]
      $0.examples = [
        ProgramCommand.Example("answer whoever asks", "weir channel listen tcp://127.0.0.1:7099 --echo"),
        ProgramCommand.Example("ask", "weir channel request tcp://127.0.0.1:7099 'are you there?'"),
      ]
    }
  }

  static let address = Positional(
    "ADDRESS", .required, "tcp://HOST:PORT, tls://HOST:PORT or unix:PATH",
    details: "A host with colons stands in brackets: tcp://[::1]:7099.")

  static let hello = Option.values("hello", "NAME:VALUE", "Add a header to the hello; may be repeated")

  /// The address that was given.
  static func address(_ invocation: Invocation, for use: ChannelAddress.Use) throws(CommandError) -> ChannelAddress {
    let text = invocation.value(Self.address) ?? ""
    return try conversing(text) { () throws(ChannelError) in try ChannelAddress(text, for: use) }
  }
}
