package import Pools

/// An error as every interface tells it, whatever it was about.
package struct Failure: Error, Sendable {
  /// Stable across versions. The raw value is the exit code; see `Documentation/errors.md`.
  package enum Kind: UInt8, Sendable, CaseIterable {
    case `internal` = 1
    case usage
    case notFound
    case alreadyExists
    case busy
    case permission
    case corrupt
    case io
    case retentionGap
    /// It took longer than allowed.
    case timedOut = 124
  }

  package var kind: Kind
  /// What is wrong: one sentence, lower case, no full stop.
  package var message: String
  /// What to do about it.
  package var hint: String?
  /// The file concerned.
  package var path: String?
  /// The address concerned, as people write it.
  package var address: String?
  /// The sequence number concerned.
  package var sequence: UInt64?
  /// Where damage was found, in bytes from the start of the ring.
  package var offset: UInt64?
  /// What lay beneath, outermost first.
  package var causes: [String]

  package init(
    _ kind: Kind, _ message: String, hint: String? = nil, path: String? = nil, address: String? = nil,
    sequence: UInt64? = nil, offset: UInt64? = nil, causes: [String] = []
  ) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.path = path
    self.address = address
    self.sequence = sequence
    self.offset = offset
    self.causes = causes
  }

  package init(_ error: PoolError) {
    self.init(
      Kind(error.kind), error.message, hint: error.hint, path: error.path, sequence: error.sequence,
      offset: error.offset, causes: error.causes)
  }
}

extension Failure.Kind {
  package init(_ kind: PoolError.Kind) {
    self =
      switch kind {
      case .internal: .internal
      case .usage: .usage
      case .notFound: .notFound
      case .alreadyExists: .alreadyExists
      case .busy: .busy
      case .permission: .permission
      case .corrupt: .corrupt
      case .io: .io
      case .retentionGap: .retentionGap
      }
  }

  /// The name that scripts match; the same in every interface.
  package var name: String {
    switch self {
    case .internal: "Internal"
    case .usage: "Usage"
    case .notFound: "NotFound"
    case .alreadyExists: "AlreadyExists"
    case .busy: "Busy"
    case .permission: "Permission"
    case .corrupt: "Corrupt"
    case .io: "Io"
    case .retentionGap: "RetentionGap"
    case .timedOut: "TimedOut"
    }
  }

  /// What to do when nothing better is known.
  package var generalHint: String? {
    switch self {
    case .internal: "This is a fault of the program or of the machine's clock. Try again, and report it if it stays."
    case .busy: "Another process holds it. Try again, or use --retry."
    case .permission: "Check who owns the file and its directory."
    case .corrupt: "Try `weir doctor` on the pool."
    case .io: "Check the disk and the file system."
    case .usage, .notFound, .alreadyExists, .retentionGap, .timedOut: nil
    }
  }
}

extension Failure {
  /// The members that an error has wherever it is shown as JSON; only what is known is there.
  package var report: Report {
    var members: [(String, Report)] = [("kind", .text(kind.name)), ("message", .text(message))]
    if let hint = hintSentence { members.append(("hint", .text(hint))) }
    if let path { members.append(("path", .text(path))) }
    if let address { members.append(("address", .text(address))) }
    if let sequence { members.append(("seq", .whole(sequence))) }
    if let offset { members.append(("offset", .whole(offset))) }
    if !causes.isEmpty { members.append(("causes", .list(causes.map { .text($0) }))) }
    return .object(members)
  }

  /// The whole envelope: `{"error":{…}}`.
  package var envelope: Report { .object([("error", report)]) }

  /// The hint as a sentence: what lies below writes hints as it writes messages.
  package var hintSentence: String? {
    guard let hint, let first = hint.utf8.first, let last = hint.utf8.last else { return nil }
    var bytes = Array(hint.utf8)
    if first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z") { bytes[0] = first - 32 }
    if last != UInt8(ascii: "."), last != UInt8(ascii: "?") { bytes.append(UInt8(ascii: ".")) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
