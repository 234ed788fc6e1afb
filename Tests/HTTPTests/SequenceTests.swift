import HTTP
import Platform
import Support
import Testing

/// Random requests, cut anywhere, against what is known of them beforehand.
struct SequenceTests {
  struct Asked {
    var method = "GET"
    var path = "/echo"
    var body: [UInt8] = []

    init(_ random: inout SplitMix, _ number: Int) {
      method = ["GET", "HEAD", "POST", "PUT"].randomElement(using: &random) ?? ""
      path = Bool.random(using: &random) ? "/echo?n=\(number)" : "/later?ms=\(Int.random(in: 0...3, using: &random))"
      if method.hasPrefix("P") {
        let count = [0, 1, 10, 1000, 40_000].randomElement(using: &random) ?? 0
        body = payload(UInt64(number), bytes: Int.random(in: 0...count, using: &random)).map { 0x61 + $0 % 26 }
      }
    }

    /// The body of its answer.
    var answer: String {
      let parts = path.split(separator: "?")
      return method == "HEAD" ? "" : "\(method) \(parts[0]) \(parts[1]) " + String(decoding: body, as: UTF8.self)
    }

    /// As HTTP/1 has it: the body with its length, or in chunks.
    func text(_ random: inout SplitMix) -> [UInt8] {
      let head = "\(method) \(path) HTTP/1.1\r\nHost: x\r\n"
      guard method.hasPrefix("P") else { return Array((head + "\r\n").utf8) }
      if Bool.random(using: &random) { return Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8) + body }
      var bytes = Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8)
      for part in cut(body, &random, largest: 20_000) {
        bytes += Array((String(part.count, radix: 16) + "\r\n").utf8) + part + [13, 10]
      }
      return bytes + Array("0\r\n\r\n".utf8)
    }

    /// As HTTP/2 has it: frames of one stream.
    func frames(_ random: inout SplitMix, _ stream: UInt32) -> [[UInt8]] {
      typealias Flag = FrameClient.Flag
      let hasBody = method.hasPrefix("P")
      let block = FrameClient.block(FrameClient.pseudo(method, path) + (0..<5).map { ("x-\($0)", "y") })
      // The library puts up with eight reads of the beginnings of further parts, and so with one that comes in pieces.
      let middle = Int.random(in: 0...block.count, using: &random)
      let parts = middle == 0 ? [block] : [Array(block[..<middle]), Array(block[middle...])]
      // A head is not interrupted.
      var head: [UInt8] = []
      for (index, part) in parts.enumerated() {
        let flags = (index == parts.count - 1 ? Flag.endHeaders : 0) | (index == 0 && !hasBody ? Flag.end : 0)
        head += FrameClient.frame(index == 0 ? .headers : .continuation, flags, stream, part)
      }
      guard hasBody else { return [head] }
      return [head]
        + cut(body, &random, largest: 16_000).map { part in
          let padding = Bool.random(using: &random) ? UInt8.random(in: 0...100, using: &random) : 0
          return padding == 0
            ? FrameClient.frame(.data, 0, stream, part)
            : FrameClient.frame(
              .data, Flag.padded, stream, [padding] + part + [UInt8](repeating: 0, count: Int(padding)))
        } + [FrameClient.frame(.data, Flag.end, stream)]
    }
  }

  static func cut(_ bytes: [UInt8], _ random: inout SplitMix, smallest: Int = 1, largest: Int) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      let limit = Bool.random(using: &random) ? min(largest, 8) : largest
      let end = min(bytes.count, start + Int.random(in: smallest...limit, using: &random))
      parts.append(Array(bytes[start..<end]))
      start = end
    }
    return parts
  }

  @Test(arguments: 1...30)
  func answersRequestsOfHTTP1InOrder(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let handler = try ProbeHandler()
    let server = try TestServer(handler)
    let client = try server.connect()
    let asked = (0..<Int.random(in: 1...15, using: &random)).map { Asked(&random, $0) }
    let bytes = asked.flatMap { $0.text(&random) }
    for part in Self.cut(bytes, &random, largest: seed % 3 == 0 ? 20 : 30_000) { try client.send(part) }
    for request in asked {
      if request.method == "HEAD" {
        let end = Array("\r\n\r\n".utf8)
        #expect(try client.read { bytes in bytes.indices.contains { bytes[$0...].starts(with: end) } })
        let count = try #require(client.received.indices.first { client.received[$0...].starts(with: end) }) + 4
        #expect(String(decoding: client.take(count), as: UTF8.self).hasPrefix("HTTP/1.1 200 OK\r\n"))
      } else {
        let response = try #require(try client.readResponse())
        #expect(response.status == 200 && response.body == request.answer)
      }
    }
    #expect(eventually { handler.counts.answered == asked.count })
    #expect(handler.counts.toldTwice == 0)
  }

  @Test(arguments: 1...30)
  func answersRequestsOfHTTP2EachOnItsStream(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let handler = try ProbeHandler()
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    let asked = (0..<Int.random(in: 1...15, using: &random)).map { Asked(&random, $0) }
    // Frames of several streams between each other; streams begin in order.
    var waiting = asked.enumerated().map { $1.frames(&random, UInt32($0 * 2 + 1))[...] }
    var bytes: [UInt8] = []
    var begun = 0
    while waiting.contains(where: { !$0.isEmpty }) {
      let index = Int.random(in: 0...min(begun, waiting.count - 1), using: &random)
      guard let frame = waiting[index].popFirst() else {
        if index == begun { begun += 1 }
        continue
      }
      if index == begun { begun += 1 }
      bytes += frame
    }
    for part in Self.cut(bytes, &random, smallest: 2, largest: seed % 3 == 0 ? 50 : 30_000) {
      try client.send(part)
      try client.wait(within: 0)
    }
    for (index, request) in asked.enumerated() {
      let response = try client.answer(UInt32(index * 2 + 1))
      #expect(response.status == 200 && response.text == request.answer)
    }
    #expect(eventually { handler.counts.answered == asked.count })
    #expect(handler.counts.toldTwice == 0)
  }
}

private func cut(_ bytes: [UInt8], _ random: inout SplitMix, largest: Int) -> [[UInt8]] {
  SequenceTests.cut(bytes, &random, largest: largest)
}
