import HTTP
import Platform
import Reactor
import Support
import Testing

struct HTTP1Tests {
  @Test func answersOneRequestAfterTheOther() throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    for number in 1...3 {
      try client.send("POST /a/b?n=\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz")
      let response = try #require(try client.readResponse())
      #expect(response.status == 200)
      #expect(response.body == "POST /a/b n=\(number) xyz")
      #expect(response.field("date")?.hasSuffix("gmt") == true)
    }
  }

  @Test func takesBlanksAroundValuesForNoneOfThem() throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    try client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \t chunked  \r\n\r\n1\r\na\r\n0\r\n\r\n")
    #expect(try client.readResponse()?.body == "POST /  a")
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func readsWhateverTheCuts(size: Int) throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    let request = Array(
      ("GET /one HTTP/1.1\r\nHost: x\r\n\r\nPOST /two HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\nGET /three HTTP/1.1\r\nHost: x\r\n\r\n").utf8)
    var start = 0
    while start < request.count {
      let end = min(start + size, request.count)
      try client.send(Array(request[start..<end]))
      start = end
    }
    #expect(try client.readResponse()?.body == "GET /one  ")
    #expect(try client.readResponse()?.body == "POST /two  abc0123456789")
    #expect(try client.readResponse()?.body == "GET /three  ")
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: x\n\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n", 413),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400),
    ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
    ("GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\n", 417),
    ("nonsense\r\n\r\n", 501),
    ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    ("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
  ])
  func refusesWhatCouldMeanTwoThings(request: String, status: Int) throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    try client.send(request)
    let response = try #require(try client.readResponse(within: 5), "\(request)")
    #expect(response.status == status)
    #expect(response.field("connection") == "close")
    #expect(try client.read(within: 5))
    #expect(client.received.isEmpty)
  }
}
