internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform

/// Where one body comes from.
enum BodySource {
  case text(String)
  case file(String)
  case standardInput

  init(text: String?, file: String?) throws(CommandError) {
    switch (text, file) {
    case (_?, _?):
      throw .usage("both a body and --body-file were given", hint: "Leave one of them out.")
    case (let text?, nil): self = .text(text)
    case (nil, let file?): self = file.hasSameBytes(as: "-") ? .standardInput : .file(file)
    case (nil, nil): self = .text("")
    }
  }
}

/// Why a message is not on its way.
enum PostFault: Error {
  case channel(ChannelError)
  case command(CommandError)

  func commandError(_ address: ChannelAddress) -> CommandError {
    switch self {
    case .channel(let error): .failed(Failure(error, address: address.text))
    case .command(let error): error
    }
  }
}

/// Posts bodies of any length as messages of one operation: in parts with one id where one frame is too small. The headers go
/// with the first part.
struct BodyPoster {
  private let engine: Engine
  private let group: ChannelGroup
  private let channel: UInt16
  private let opCode: OpCode
  private let headers: [Header]
  /// The id of the message whose parts are being posted; 0 between messages.
  private var id: UInt64 = 0
  private var isBegun = false

  init(_ engine: Engine, _ group: ChannelGroup, channel: UInt16, opCode: OpCode, _ headers: [Header]) {
    self.engine = engine
    self.group = group
    self.channel = channel
    self.opCode = opCode
    self.headers = headers
  }

  /// Sets the id of the next message, and further headers of it. Without it posting chooses one.
  mutating func begin(id: UInt64) { self.id = id }

  /// Posts bytes of the current message, at most `FrameHeader.partLimit`. Returns its id.
  @discardableResult
  mutating func post(
    part: RawSpan, hasMore: Bool, _ more: [Header] = [], until deadline: Deadline = .never
  ) throws(ChannelError) -> UInt64 {
    var message = engine.makeMessage(opCode, channel: channel, id: id)
    if !isBegun {
      try message.append(headers)
      try message.append(more)
    }
    try message.appendBody(part)
    message.hasMore = hasMore
    let posted = try group.post(message, whenFull: .wait(until: deadline))
    (id, isBegun) = hasMore ? (posted.id, true) : (0, false)
    return posted.id
  }

  /// Posts a body of any length. Returns its id.
  @discardableResult
  mutating func post(
    _ body: RawSpan, _ more: [Header] = [], until deadline: Deadline = .never
  ) throws(ChannelError) -> UInt64 {
    var start = 0
    while true {
      let end = min(body.byteCount, start + FrameHeader.partLimit)
      let isLast = end == body.byteCount
      let posted = try post(part: body.extracting(start..<end), hasMore: !isLast, more, until: deadline)
      if isLast { return posted }
      start = end
    }
  }

  /// Posts the body that `source` gives. Returns its id.
  mutating func post(_ source: BodySource, until deadline: Deadline = .never) throws(PostFault) -> UInt64 {
    switch source {
    case .text(let text):
      let bytes = Array(text.utf8)
      do throws(ChannelError) {
        return try post(bytes.span.bytes, until: deadline)
      } catch {
        throw .channel(error)
      }
    case .standardInput: return try post(File.standardInput(), path: nil, until: deadline)
    case .file(let path):
      let file: File
      do throws(SystemError) { file = try File(path, .read) } catch { throw .command(Self.unreadable(path, error)) }
      return try post(file, path: path, until: deadline)
    }
  }

  /// Reads one part ahead, to know which is the last.
  private mutating func post(
    _ file: borrowing File, path: String?, until deadline: Deadline
  ) throws(PostFault) -> UInt64 {
    var part = try Self.read(file, path)
    while true {
      let next = part.count < FrameHeader.partLimit ? [] : try Self.read(file, path)
      let posted: UInt64
      do throws(ChannelError) {
        posted = try post(part: part.span.bytes, hasMore: !next.isEmpty, until: deadline)
      } catch {
        throw .channel(error)
      }
      if next.isEmpty { return posted }
      part = next
    }
  }

  /// One part, as full as it can be.
  private static func read(_ file: borrowing File, _ path: String?) throws(PostFault) -> [UInt8] {
    var part = [UInt8](repeating: 0, count: FrameHeader.partLimit)
    var count = 0
    while count < part.count {
      switch fill(file, &part, from: count) {
      case .success(0): return Array(part[..<count])
      case .success(let got): count += got
      case .failure(let error): throw .command(unreadable(path, error))
      }
    }
    return part
  }

  private static func fill(
    _ file: borrowing File, _ part: inout [UInt8], from start: Int
  ) -> Result<Int, SystemError> {
    part.withUnsafeMutableBytes { memory in
      do throws(SystemError) {
        return .success(try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[start...])))
      } catch {
        return .failure(error)
      }
    }
  }

  static func unreadable(_ path: String?, _ error: SystemError) -> CommandError {
    .failed(
      Failure(
        error.kind == .notFound ? .notFound : .io, "failed to read data file",
        hint: "Check that the file exists and may be read.", path: path, causes: [error.message]))
  }
}
