import HTTPClient
import Platform
import RawServer
import Testing

/// Servers that say what they should not, or nothing: always an error with its kind, never a hang.
struct HostileServerTests {
  @Test(arguments: [
    ("garbage\r\n\r\n", HTTPFailure.Kind.protocol),
    ("\u{16}\u{3}\u{1}\u{0}\u{5}", .protocol),
    ("SSH-2.0-OpenSSH_9.2\r\n", .protocol),
    ("HTTP/1.1 2000 OK\r\n\r\n", .protocol),
    ("HTTP/1.1 abc OK\r\n\r\n", .protocol),
    ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", .connection),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", .connection),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", .connection),
    ("HTTP/1.1 200 O", .connection),
    ("", .connection),
  ])
  func whatIsNoWholeAnswerIsAnError(text: String, kind: HTTPFailure.Kind) throws {
    let server = try RawServer { _, connection in
      connection.send(text)
      connection.hangUp()
    }
    let client = try HTTPClient()
    let failed = try #require(failure { try client.get(server.url + "/") })
    // What a broken status line counts as is libcurl's affair.
    #expect(failed.kind == kind || (kind == .protocol && failed.kind == .connection), "\(failed)")
    #expect(failed.wasSent)
    #expect(!failed.message.isEmpty)
  }

  @Test func aBadChunkIsAnError() throws {
    let server = try RawServer { _, connection in
      connection.begin()
      connection.send("xyz\r\nhello\r\n")
    }
    #expect(failure { try HTTPClient().get(server.url + "/") } != nil)
  }

  @Test func aBodyBeyondTheLimitIsRefusedBeforeItIsHeld() throws {
    let server = try RawServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
      connection.send([UInt8](repeating: 0x78, count: 4 << 20))
    }
    let failed = try #require(failure { try HTTPClient().get(server.url + "/") })
    #expect(failed.kind == .tooLarge)
  }

  @Test func aHeadBeyondTheLimitIsRefused() throws {
    let server = try RawServer { _, connection in
      connection.send("HTTP/1.1 200 OK\r\n")
      for number in 0..<3000 { connection.send("X-Header-\(number): \(String(repeating: "y", count: 80))\r\n") }
      connection.send("Content-Length: 0\r\n\r\n")
    }
    #expect(failure { try HTTPClient().get(server.url + "/") }?.kind == .tooLarge)
  }

  @Test func endlessInterimAnswersAreBounded() throws {
    let server = try RawServer { _, connection in
      for _ in 0..<10_000 { connection.send("HTTP/1.1 103 Early Hints\r\n\r\n") }
    }
    let failed = try #require(failure { try HTTPClient().get(server.url + "/") { $0.timeout = 20_000 * milliseconds } })
    #expect(failed.kind == .tooLarge, "\(failed)")
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"])
  func silenceEndsWithATimeout(said: String) throws {
    let server = try RawServer { _, connection in connection.send(said) }
    let failed = try #require(failure { try HTTPClient().get(server.url + "/") { $0.idleTimeout = 50 * milliseconds } })
    #expect(failed.kind == .timeout)
    #expect(failed.message == "the server went silent")
  }

  @Test func tricklingEndsWithTheDeadline() throws {
    let held = Log<RawConnection>()
    let server = try RawServer { _, connection in
      held.add(connection)
      connection.begin()
      connection.chunk("x")
    }
    var request = HTTPRequest("GET", server.url + "/")
    request.timeout = 100 * milliseconds
    let client = try HTTPClient()
    let failed = try #require(
      failure {
        try client.perform(request) { _ in
          held.all.first?.chunk("x")
          return true
        }
      })
    #expect(failed.kind == .timeout)
    #expect(failed.message == "the answer took too long")
  }

  @Test func nobodyListens() throws {
    let server = try RawServer { _, _ in }
    let url = server.url
    server.stop()
    let failed = try #require(failure { try HTTPClient().get(url + "/") })
    #expect(failed.kind == .connection)
    #expect(!failed.wasSent)
    #expect(failed.hint != nil && failed.detail != nil)
  }

  @Test(arguments: [
    "", "ftp://127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://",
    "127.0.0.1:80", "http://127.0.0.1:99999/",
  ])
  func whatIsNoAddressIsNotAsked(url: String) throws {
    #expect(failure { try HTTPClient().get(url) }?.kind == .invalid)
  }

  @Test func headersCannotSmuggle() throws {
    let server = try RawServer { _, connection in connection.respond(200, "") }
    let client = try HTTPClient()
    for (name, value) in [("X", "a\r\nY: b"), ("X", "a\nb"), ("X: Y", "z"), ("", "x"), ("X", "a\0b")] {
      #expect(failure { try client.get(server.url + "/") { $0.headers = [(name, value)] } }?.kind == .invalid)
    }
    #expect(failure { try client.collect(HTTPRequest("GET / HTTP/1.1\r\nX:", server.url), limit: 1) }?.kind == .invalid)
    #expect(server.connections == 0)
  }

  // MARK: Kept connections that break

  /// Answers the first request of a connection, and breaks the connection instead of answering the second.
  private func unreliable(_ seen: Log<String>) throws -> RawServer {
    try RawServer { request, connection in
      seen.add(request.method)
      if request.number == 1 { connection.respond(200, "fine") } else { connection.abort() }
    }
  }

  @Test func aPostIsNeverSentTwice() throws {
    let seen = Log<String>()
    let server = try unreliable(seen)
    let client = try HTTPClient()
    #expect(try client.post(server.url + "/", "1").text == "fine")
    let failed = try #require(failure { try client.post(server.url + "/", "2") })
    #expect(failed.kind == .connection)
    #expect(failed.wasSent)
    #expect(seen.all.count == 2)
    #expect(try client.post(server.url + "/", "3").text == "fine")
  }

  @Test func aGetIsAskedAgain() throws {
    let seen = Log<String>()
    let server = try unreliable(seen)
    let client = try HTTPClient()
    #expect(try client.get(server.url + "/").text == "fine")
    #expect(try client.get(server.url + "/").text == "fine")
    #expect(seen.all.count == 3)
  }

  // MARK: Cancelling

  @Test func cancellingEndsAWaitAtOnceAndStays() throws {
    let waits = try Happening()
    let server = try RawServer { _, _ in waits.mark() }
    let client = try HTTPClient()
    let thread = try Thread {
      waits.wait()
      client.cancel()
    }
    let failed = try #require(failure { try client.get(server.url + "/") { $0.timeout = nil } })
    thread.join()
    #expect(failed.kind == .cancelled)
    #expect(failure { try client.get(server.url + "/") }?.kind == .cancelled)
  }
}
