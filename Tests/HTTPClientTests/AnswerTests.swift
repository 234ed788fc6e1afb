import HTTPClient
import Platform
import RawServer
import Testing

/// Requests as they go out, and answers as they come in.
struct AnswerTests {
  @Test func theRequestIsWhatWasAskedForAndNothingElse() throws {
    let seen = Log<RawRequest>()
    let server = try RawServer { request, connection in
      seen.add(request)
      connection.respond(200, "hello", type: "text/plain", extra: "X-Two: a\r\nX-Two: b\r\nX-Empty:\r\n")
    }
    let client = try HTTPClient()
    let response = try client.post("\(server.url)/a/b?c=d%20e", #"{"x":1}"#) {
      $0.headers = [("Authorization", "Bearer secret"), ("X-Empty", "")]
    }
    #expect(response.head.status == 200)
    #expect(response.text == "hello")
    #expect(response.head.value("content-TYPE") == "text/plain")
    #expect(response.head.value("x-two") == "a")
    #expect(response.head.value("x-empty") == "")
    #expect(response.head.value("x-three") == nil)
    let request = try #require(seen.all.first)
    #expect(request.method == "POST")
    #expect(request.target == "/a/b?c=d%20e")
    #expect(request.text == #"{"x":1}"#)
    #expect(
      request.headers.map(\.name).sorted() == ["accept", "authorization", "content-length", "host", "x-empty"])
    #expect(request.header("authorization") == "Bearer secret")
    #expect(request.header("x-empty") == "")
  }

  @Test(arguments: ["GET", "DELETE", "HEAD", "POST"]) func methodsWithoutABody(method: String) throws {
    let server = try RawServer { request, connection in
      connection.respond(request.method == "HEAD" ? 200 : 404, request.method == "HEAD" ? "" : request.method)
    }
    let response = try HTTPClient().collect(HTTPRequest(method, server.url + "/"), limit: 100)
    #expect(response.head.status == (method == "HEAD" ? 200 : 404))
    #expect(response.text == (method == "HEAD" ? "" : method))
  }

  @Test func oneConnectionServesRequestAfterRequest() throws {
    let server = try RawServer { request, connection in connection.respond(200, "\(request.number)") }
    let client = try HTTPClient()
    for number in 1...5 { #expect(try client.post(server.url + "/", "x").text == "\(number)") }
    #expect(server.connections == 1)
  }

  @Test func aLargeBodyGoesOutWhole() throws {
    let server = try RawServer { request, connection in
      connection.respond(200, "\(request.body.count) \(request.header("expect") ?? "at once")")
    }
    let body = String(repeating: "0123456789", count: 500_000)
    #expect(try HTTPClient().post(server.url + "/", body).text == "5000000 at once")
  }

  @Test func theBodyIsPassedOnAsItComes() throws {
    let held = Log<RawConnection>()
    let server = try RawServer { _, connection in
      held.add(connection)
      connection.begin()
      connection.chunk("first")
    }
    var pieces: [String] = []
    var status = 0
    let head = try HTTPClient().perform(HTTPRequest("GET", server.url + "/")) { head in
      status = head.status
      return true
    } body: { piece in
      pieces.append(piece.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
      if pieces.count == 1 {
        held.all.first?.chunk("second")
        held.all.first?.end()
      }
      return true
    }
    #expect(pieces == ["first", "second"])
    #expect(status == 200 && head.status == 200)
  }

  @Test(arguments: [true, false]) func theCallerMayStopAnAnswer(atHead: Bool) throws {
    let server = try RawServer { request, connection in
      if request.target == "/endless" {
        connection.begin()
        connection.chunk("more")
      } else {
        connection.respond(200, "fine")
      }
    }
    let client = try HTTPClient()
    let head = try client.perform(HTTPRequest("GET", server.url + "/endless"), head: { _ in !atHead }) { _ in false }
    #expect(head.status == 200)
    #expect(try client.get(server.url + "/").text == "fine")
  }

  @Test func interimAnswersArePassedOver() throws {
    let server = try RawServer { _, connection in
      connection.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
      connection.respond(201, "made")
    }
    let response = try HTTPClient().get(server.url + "/")
    #expect(response.head.status == 201)
    #expect(response.head.value("link") == nil)
    #expect(response.text == "made")
  }

  @Test func trailersAreNoPartOfTheHead() throws {
    let server = try RawServer { _, connection in
      connection.begin()
      connection.chunk("body")
      connection.send("0\r\nX-Late: 1\r\n\r\n")
    }
    let response = try HTTPClient().get(server.url + "/")
    #expect(response.text == "body")
    #expect(response.head.value("x-late") == nil)
  }

  @Test(arguments: [301, 302, 307, 308]) func redirectsAreNotFollowed(status: Int) throws {
    let other = try RawServer { _, connection in connection.respond(200, "other") }
    let elsewhere = other.url
    let server = try RawServer { _, connection in
      connection.respond(status, "moved", extra: "Location: \(elsewhere)/\r\n")
    }
    let response = try HTTPClient().get(server.url + "/") { $0.headers = [("Authorization", "Bearer secret")] }
    #expect(response.head.status == status)
    #expect(other.connections == 0)
  }

  @Test func compressedAnswersAreNotAskedForNorUnpacked() throws {
    let server = try RawServer { request, connection in
      connection.respond(200, request.header("accept-encoding") ?? "none", extra: "Content-Encoding: gzip\r\n")
    }
    #expect(try HTTPClient().get(server.url + "/").text == "none")
  }
}
