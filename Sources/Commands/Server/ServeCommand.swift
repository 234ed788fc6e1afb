internal import Arguments
internal import CommandSupport

/// `weir serve`
enum ServeCommand {
  static let command = ProgramCommand("serve", "Let other programs and machines use the pools over HTTP").with {
    $0.details = """
      Serves the pools of the pool directory, a web page at /ui, and agents at /mcp. Without options only programs on this machine \
      can connect, and need no token.

      For other machines: `weir serve init` makes a token and a certificate, and says how to use them. `weir access create` makes \
      keys that are for some pools, for reading or writing only, or for a time.

      Tokens, keys and certificates are read again when their files change. Ctrl-C or SIGTERM ends the server within ten seconds, \
      with exit code 0.
      """
    $0.positionals = [ServeOptions.server]
    $0.options = ServeOptions.all
    $0.subcommands = [ServeCheckCommand.command, ServeInitCommand.command]
    $0.examples = [
      ProgramCommand.Example("for this machine", "weir serve"),
      ProgramCommand.Example("only for reading", "weir serve --access read-only"),
      ProgramCommand.Example(
        "for other machines, after `weir serve init`",
        "weir serve --bind 0.0.0.0:9700 --allow-non-loopback --token-file weir-auth-token.txt"
          + " --tls-cert weir-tls-cert.pem --tls-key weir-tls-key.pem"),
      ProgramCommand.Example(
        "for this machine without a token, for others with keys",
        "weir serve --remote-bind 0.0.0.0:9743 --tls-cert weir-tls-cert.pem --tls-key weir-tls-key.pem"),
      ProgramCommand.Example("behind a proxy that ends TLS", "weir serve https://pools.example.org"),
      ProgramCommand.Example("see whether the options go together", "weir serve check --access read-only"),
    ]
    $0.action = Action { (invocation, session) throws(CommandError) in
      try GatewayProgram.run(try ServerSetup(invocation, session), session)
    }
  }
}
