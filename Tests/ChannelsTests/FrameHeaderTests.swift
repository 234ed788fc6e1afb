import Testing

@testable import Channels

/// One frame as it was seen on the wire of the protocol's first implementation.
struct Capture {
  let bytes: String
  let header: FrameHeader
  var headers: [[String]] = []
  var body = ""
}

@Suite struct FrameHeaderTests {
  static let hello =
    "7e 63 6f 6e 6e 65 63 74 5f 74 6f 3a 74 63 70 7c 31 32 37 2e 30 2e 30 2e 31 7c 33 39 32 32 32 0d 0a"
  static let unixHello = "7e 63 6f 6e 6e 65 63 74 5f 74 6f 3a 75 64 73 7c 2f 74 6d 70 2f 78 2e 73 6f 63 6b 0d 0a"
  static let captures: [Capture] = [
    Capture(
      bytes: "5f 78 03 00 01 02 03 04 05 06 07 08 00 21 00 00 " + hello,
      header: FrameHeader(
        channel: 0x5f78, opCode: .helloRequest, id: 0x0102_0304_0506_0708, headersLength: 33, bodyLength: 0),
      headers: [["~connect_to", "tcp|127.0.0.1|39222"]]),
    Capture(
      bytes: "f3 48 03 00 00 00 00 00 00 00 00 01 00 1d 00 00 " + unixHello,
      header: FrameHeader(channel: 0xf348, opCode: .helloRequest, id: 1, headersLength: 29),
      headers: [["~connect_to", "uds|/tmp/x.sock"]]),
    Capture(
      bytes: "9f 34 04 00 00 00 00 00 00 00 00 07 00 21 00 00 " + hello,
      header: FrameHeader(channel: 0x9f34, opCode: .helloResponse, id: 7, headersLength: 33),
      headers: [["~connect_to", "tcp|127.0.0.1|39222"]]),
    Capture(
      bytes: "be ef 04 00 01 02 03 04 05 06 07 08 00 00 00 00",
      header: FrameHeader(channel: 0xbeef, opCode: .helloResponse, id: 0x0102_0304_0506_0708)),
    Capture(
      bytes: "5f 78 02 00 00 00 00 00 00 00 00 2a 00 12 00 00 "
        + "50 72 6f 67 72 65 73 73 3a 20 5b 31 3a 33 5d 20 0d 0a",
      header: FrameHeader(channel: 0x5f78, opCode: .signal, id: 42, headersLength: 18),
      headers: [["Progress", "[1:3]"]]),
    Capture(
      bytes: "5f 78 20 00 00 00 00 00 00 00 00 4d 00 0f 00 06 "
        + "4a 6f 62 54 69 63 6b 65 74 3a 50 50 44 0d 0a 70 61 72 74 2d 31",
      header: FrameHeader(
        channel: 0x5f78, opCode: .request, hasMore: true, id: 77, headersLength: 15, bodyLength: 6),
      headers: [["JobTicket", "PPD"]], body: "part-1"),
    Capture(
      bytes: "5f 78 20 00 00 00 00 00 00 00 00 4d 00 00 00 06 70 61 72 74 2d 32",
      header: FrameHeader(channel: 0x5f78, opCode: .request, hasMore: true, id: 77, bodyLength: 6), body: "part-2"),
    Capture(
      bytes: "5f 78 00 00 00 00 00 00 00 00 00 4d 00 00 00 06 70 61 72 74 2d 33",
      header: FrameHeader(channel: 0x5f78, opCode: .request, id: 77, bodyLength: 6), body: "part-3"),
    Capture(
      bytes: "00 00 01 05 00 00 00 00 00 00 00 4d 00 00 00 04 64 6f 6e 65",
      header: FrameHeader(opCode: .response, status: 5, id: 77, bodyLength: 4), body: "done"),
    Capture(
      bytes: "00 00 00 00 00 00 00 00 00 00 00 08 00 07 00 02 6b 3a 20 76 20 0d 0a 68 69",
      header: FrameHeader(opCode: .request, id: 8, headersLength: 7, bodyLength: 2), headers: [["k", "v"]], body: "hi"),
    Capture(
      bytes: "9f 34 01 00 00 00 00 00 00 00 00 08 00 07 00 02 6b 3a 20 76 20 0d 0a 68 69",
      header: FrameHeader(channel: 0x9f34, opCode: .response, id: 8, headersLength: 7, bodyLength: 2),
      headers: [["k", "v"]], body: "hi"),
    Capture(
      bytes: "5f 78 05 00 00 00 00 00 00 00 00 01 00 00 00 00",
      header: FrameHeader(channel: 0x5f78, opCode: .byeRequest, id: 1)),
    Capture(
      bytes: "00 00 06 00 00 00 00 00 00 00 00 01 00 00 00 00", header: FrameHeader(opCode: .byeResponse, id: 1)),
    Capture(
      bytes: "9f 34 06 00 00 00 00 00 00 00 00 0c 00 00 00 00",
      header: FrameHeader(channel: 0x9f34, opCode: .byeResponse, id: 12)),
    Capture(
      bytes: "55 c5 07 00 00 00 00 00 00 00 00 02 00 00 00 00",
      header: FrameHeader(channel: 0x55c5, opCode: .byeSignal, id: 2)),
  ]

  @Test(arguments: captures.indices)
  func readsAndWritesWhatOthersWrite(index: Int) {
    let capture = Self.captures[index]
    let frame = bytes(hex: capture.bytes)
    let header = capture.header
    #expect(decode(frame) == .success(header))
    #expect(encode(header) == Array(frame.prefix(16)))
    #expect(header.frameBytes == frame.count)
    let rest = frame.dropFirst(16)
    #expect(walk(String(decoding: rest.prefix(Int(header.headersLength)), as: UTF8.self)) == capture.headers)
    #expect(String(decoding: rest.suffix(Int(header.bodyLength)), as: UTF8.self) == capture.body)
  }

  @Test func anyHeaderThatMayBeSentReadsBack() {
    var numbers = SeededNumbers(state: 1)
    for _ in 0..<20_000 {
      let opCode = OpCode(rawValue: UInt8.random(in: 0...7, using: &numbers)) ?? .signal
      let header = FrameHeader(
        channel: .random(in: 0 ... .max, using: &numbers), opCode: opCode,
        hasMore: opCode.kind == .regular && Bool.random(using: &numbers),
        status: .random(in: 0 ... .max, using: &numbers),
        id: .random(in: 0 ... .max, using: &numbers), headersLength: .random(in: 0 ... .max, using: &numbers),
        bodyLength: .random(in: 0 ... .max, using: &numbers))
      #expect(decode(encode(header)) == .success(header))
    }
  }

  @Test func largestFrameIsCountedWhole() {
    let header = FrameHeader(opCode: .signal, headersLength: .max, bodyLength: .max)
    #expect(header.frameBytes == 131_086)
    #expect(FrameHeader.frameLimit == 131_086)
  }

  /// Every proto byte with every status byte, decided by the rules as the protocol's description puts them.
  @Test func everyProtoAndStatusByteIsDecided() {
    var frame = [UInt8](repeating: 0xff, count: 16)
    var accepted = 0
    for proto in UInt8.min...UInt8.max {
      for status in UInt8.min...UInt8.max {
        frame[2] = proto
        frame[3] = status
        let isAllowed = proto & 0xd8 == 0 && (proto & 0x20 == 0 || proto & 0x0f <= 2)
        switch decode(frame) {
        case .success(let header):
          accepted += 1
          #expect(isAllowed && header.status == status && header.opCode.rawValue == proto & 0x0f)
          #expect(header.origin == .application && header.hasMore == (proto & 0x20 != 0))
        case .failure:
          #expect(!isAllowed)
        }
      }
    }
    #expect(accepted == 11 * 256)
  }

  @Test(
    arguments: [
      (0x0a, .reservedOpCode), (0x0f, .reservedOpCode), (0x08, .localOpCode), (0x09, .localOpCode),
      (0x12, .forgedOrigin), (0x42, .reservedBits), (0x82, .reservedBits), (0x57, .forgedOrigin),
      (0x23, .moreOnControl), (0x27, .moreOnControl),
    ] as [(UInt8, FrameViolation)])
  func namesTheViolation(proto: UInt8, violation: FrameViolation) {
    var frame = [UInt8](repeating: 0, count: 16)
    frame[2] = proto
    #expect(decode(frame) == .failure(violation))
  }

  @Test(arguments: 0..<16)
  func fewerBytesThanAHeaderAreRefused(count: Int) {
    #expect(decode([UInt8](repeating: 0, count: count)) == .failure(.incompleteHeader))
  }

  @Test func aNoticeOfTheEngineIsNeverTakenFromAPeer() {
    let notice = FrameHeader(channel: 7, opCode: .signal, origin: .engine, status: Status.channelClosed.rawValue)
    #expect(decode(encode(notice)) == .failure(.forgedOrigin))
  }

  @Test func namesOfViolationsDiffer() {
    #expect(Set(FrameViolation.allCases.map(\.name.description)).count == FrameViolation.allCases.count)
  }
}
