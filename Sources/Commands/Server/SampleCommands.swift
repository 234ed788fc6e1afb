internal import Arguments
internal import CommandSupport
internal import Gateway

/// Command lines that use what `weir serve init` made, to be pasted into a shell.
struct SampleCommands {
  let server: [String]
  let client: [String]
  let curl: [String]

  /// - Parameter host: the name or address by which clients call the server.
  init(bind: BindAddress, host: String, artifacts: ServerArtifacts) {
    let isIPv6 = host.utf8.contains(UInt8(ascii: ":"))
    let base = "https://\(isIPv6 ? "[\(host)]" : host):\(bind.port)"
    var start = ["weir", "serve", "--bind", bind.text]
    if !bind.isLoopback { start.append("--allow-non-loopback") }
    start += ["--token-file", artifacts.token, "--tls-cert", artifacts.certificate, "--tls-key", artifacts.key]
    server = ["weir pool create demo", CommandLineText.quoted(start)]

    let credentials = CommandLineText.quoted(["--token-file", artifacts.token, "--tls-ca", artifacts.certificate])
    client = [
      "weir feed \(base)/demo '{\"hello\":\"world\"}' \(credentials)",
      "weir follow \(base)/demo --tail 1 \(credentials)",
    ]

    let token = CommandLineText.quoted(artifacts.token)
    let call =
      "curl --cacert \(CommandLineText.quoted(artifacts.certificate)) -H \"Authorization: Bearer $(cat \(token))\""
    let json = "-H 'content-type: application/json'"
    curl = [
      "\(call) \(base)/v0/pools",
      "\(call) \(json) -d '{\"data\":{\"hello\":\"world\"},\"tags\":[\"greeting\"]}' \(base)/v0/pools/demo/append",
      "\(call) -N '\(base)/v0/pools/demo/tail?since_seq=1&timeout_ms=5000'",
    ]
  }
}
