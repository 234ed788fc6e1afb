import Testing

@testable import Channels

private func address(header text: String, _ use: ChannelAddress.Use) -> Result<ChannelAddress, ChannelError> {
  let bytes = Array(text.utf8)
  do throws(ChannelError) {
    return .success(try ChannelAddress(headerValue: bytes.span.bytes, for: use))
  } catch {
    return .failure(error)
  }
}

private func address(_ text: String, _ use: ChannelAddress.Use) -> Result<ChannelAddress, ChannelError> {
  do throws(ChannelError) {
    return .success(try ChannelAddress(text, for: use))
  } catch {
    return .failure(error)
  }
}

@Suite struct ChannelAddressTests {
  @Test(
    arguments: [
      ("tcp|127.0.0.1|7099", .connecting, .tcp(host: "127.0.0.1", port: 7099)),
      ("tcp|::1|65535", .connecting, .tcp(host: "::1", port: 65_535)),
      ("tls|example.org|443", .connecting, .tls(host: "example.org", port: 443)),
      ("uds|/tmp/x.sock", .connecting, .unix(path: "/tmp/x.sock")),
      ("uds|@name", .listening, .unix(path: "@name")),
      ("uds|a b:c", .listening, .unix(path: "a b:c")),
      ("tcp||7099", .listening, .tcp(host: "", port: 7099)),
      ("tcp|localhost|0", .listening, .tcp(host: "localhost", port: 0)),
      ("tls||0", .listening, .tls(host: "", port: 0)),
    ] as [(String, ChannelAddress.Use, ChannelAddress)])
  func readsAndWritesHeaders(text: String, use: ChannelAddress.Use, expected: ChannelAddress) {
    #expect(address(header: text, use).value == expected)
    #expect(expected.headerValue == text)
  }

  @Test(arguments: [
    "", "|", "uds", "uds|", "uds|a|b", "uds|a\u{0}b", "uds|a\nb", "uds|a ", "tcp", "tcp|host", "tcp|host|1|2",
    "tcp|host|1|",
    "banana|127.0.0.1|1", "TCP|host|1", "unix|/a", "tcp|host|", "tcp|host|x", "tcp|host|+1", "tcp|host|-1",
    "tcp|host| 1",
    "tcp|host|1 ", "tcp|host|01", "tcp|host|65536", "tcp|host|99999999999999999999", "tcp|host|1_0", "tcp|ho st|1",
    "tcp|ho\u{1}st|1", "tcp|ho\u{7f}st|1", "tcp|[::1]|1", "tcp|a/b|1", "tcp|*|1", "tcp |host|1",
    "tcp|\(String(repeating: "h", count: 256))|1",
  ])
  func refusesOtherHeaders(text: String) {
    for use in [ChannelAddress.Use.connecting, .listening] {
      let error = address(header: text, use).error
      #expect(error?.kind == .invalidAddress)
      #expect(error?.status == .invalidAddress)
    }
  }

  @Test(arguments: ["tcp||1", "tcp|host|0", "tls||1", "tls|host|0"])
  func wildcardsAreForListening(text: String) {
    #expect(address(header: text, .connecting).error?.kind == .invalidAddress)
    #expect(address(header: text, .connecting).error?.hint != nil)
    #expect(address(header: text, .listening).value != nil)
  }

  @Test func bytesThatAreNotTextAreRefused() {
    let bytes: [UInt8] = Array("uds|/tmp/".utf8) + [0xff]
    #expect(throws: ChannelError.self) { _ = try ChannelAddress(headerValue: bytes.span.bytes, for: .listening) }
  }

  @Test(
    arguments: [
      ("tcp://localhost:7099", .tcp(host: "localhost", port: 7099), "tcp://localhost:7099"),
      ("tcp://[::1]:80", .tcp(host: "::1", port: 80), "tcp://[::1]:80"),
      ("tcp://[fe80::1%eth0]:80", .tcp(host: "fe80::1%eth0", port: 80), "tcp://[fe80::1%eth0]:80"),
      ("tcp://*:7099", .tcp(host: "", port: 7099), "tcp://*:7099"),
      ("tcp://:7099", .tcp(host: "", port: 7099), "tcp://*:7099"),
      ("tcp://*:0", .tcp(host: "", port: 0), "tcp://*:0"),
      ("tls://example.org:443", .tls(host: "example.org", port: 443), "tls://example.org:443"),
      ("unix:/run/weir.sock", .unix(path: "/run/weir.sock"), "unix:/run/weir.sock"),
      ("unix:///run/weir.sock", .unix(path: "/run/weir.sock"), "unix:/run/weir.sock"),
      ("uds:///run/weir.sock", .unix(path: "/run/weir.sock"), "unix:/run/weir.sock"),
      ("uds:/run/weir.sock", .unix(path: "/run/weir.sock"), "unix:/run/weir.sock"),
      ("unix:sockets/a", .unix(path: "sockets/a"), "unix:sockets/a"),
      ("unix:@abstract", .unix(path: "@abstract"), "unix:@abstract"),
      ("unix:C:\\a\\b.sock", .unix(path: "C:\\a\\b.sock"), "unix:C:\\a\\b.sock"),
      ("unix:////odd", .unix(path: "//odd"), "unix:////odd"),
    ] as [(String, ChannelAddress, String)])
  func readsWhatPeopleWrite(text: String, expected: ChannelAddress, written: String) {
    #expect(address(text, .listening).value == expected)
    #expect(expected.text == written)
    #expect(address(written, .listening).value == expected)
  }

  @Test(arguments: [
    "", "localhost", "localhost:7099", "127.0.0.1:7099", "/tmp/x", "tcp:", "tcp:localhost:1", "tcp://",
    "tcp://localhost",
    "tcp://localhost:", "tcp://[::1]", "tcp://::1:80", "tcp://[localhost]:80", "tcp://localhost:x",
    "tcp://localhost:70000",
    "http://localhost:80", "tcp://local host:80", "tcp://localhost:80/", "unix:", "unix://", "unix://relative", "uds:",
    "unix:a|b", "tcp://a|b:1", "tcp://[:1", "tcp://]:1", "tcp://[]:1", "tcp://**:1", "unix:a\r\nx:y",
  ])
  func refusesOtherText(text: String) {
    let error = address(text, .listening).error
    #expect(error?.kind == .invalidAddress)
    #expect(error?.address == text)
  }

  @Test(arguments: [
    "localhost:7099", "tcp://localhost", "tcp://::1:80", "unix://relative", "tcp://localhost:x", "tcp:localhost:1",
    "tcp://[localhost]:80",
  ])
  func saysWhatToWriteInstead(text: String) {
    #expect(address(text, .listening).error?.hint != nil)
  }

  /// Whatever `check` accepts survives both spellings, also as a header among others.
  @Test func whatIsAcceptedReadsBack() {
    var numbers = SeededNumbers(state: 3)
    let alphabet = Array("ab:/@*[]|. \t\r\n0".unicodeScalars)
    var accepted = 0
    for round in 0..<30_000 {
      let part = String(
        String.UnicodeScalarView(
          (0..<Int.random(in: 0...5, using: &numbers)).compactMap { _ in
            alphabet.randomElement(using: &numbers)
          }))
      let port = UInt16.random(in: 0...3, using: &numbers)
      let one: ChannelAddress =
        switch round % 3 {
        case 0: .tcp(host: part, port: port)
        case 1: .tls(host: part, port: port)
        default: .unix(path: part)
        }
      guard (try? one.check(for: .listening)) != nil else { continue }
      accepted += 1
      #expect(address(one.text, .listening).value == one, "\(one)")
      #expect(address(header: one.headerValue, .listening).value == one, "\(one)")
      let headers = walk(line("~listen_on", one.headerValue).value ?? "")
      #expect(headers == [["~listen_on", one.headerValue]])
    }
    #expect(accepted > 1000)
  }
}
