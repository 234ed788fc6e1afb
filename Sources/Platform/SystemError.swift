internal import CPlatform

/// Why the operating system did not do what it was asked. Nothing was changed unless the call's documentation says so.
public struct SystemError: Error, Sendable {
  /// The reasons that callers tell apart, the same on every system.
  public enum Kind: Int32, Sendable {
    case notFound = 1
    case exists, permission, busy, timedOut, noSpace, isDirectory, notDirectory, notEmpty, nameTooLong, invalid
    case closed, noMemory, limit, unsupported, bufferTooSmall, io
    case wouldBlock, refused, reset, unreachable, addressInUse, addressNotAvailable
  }

  /// What happened, in this library's terms.
  public let kind: Kind
  /// What the system called it: `errno` or `GetLastError`; 0 if the failure was found before the system was asked.
  public let code: Int32

  package init(_ kind: Kind, code: Int32 = 0) {
    self.kind = kind
    self.code = code
  }

  /// The system's own sentence for `code`, without a full stop; a general one when there is no code.
  public var message: String {
    guard code != 0 else { return kind.summary }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      guard let base = buffer.baseAddress else { return kind.summary }
      let length = platform_system_message(code, base, buffer.count)
      return String(decoding: UnsafeRawBufferPointer(start: base, count: length), as: UTF8.self)
    }
  }
}

extension SystemError.Kind {
  fileprivate var summary: String {
    switch self {
    case .notFound: "no such file or directory"
    case .exists: "the name is taken"
    case .permission: "permission denied"
    case .busy: "in use"
    case .timedOut: "timed out"
    case .noSpace: "no space left"
    case .isDirectory: "is a directory"
    case .notDirectory: "not a directory"
    case .notEmpty: "the directory is not empty"
    case .nameTooLong: "the name is too long"
    case .invalid: "invalid argument"
    case .closed: "the other end is closed"
    case .noMemory: "out of memory"
    case .limit: "too many open files, processes or threads"
    case .unsupported: "not supported on this system"
    case .bufferTooSmall: "the buffer is too small"
    case .io: "input or output failed"
    case .wouldBlock: "not ready yet"
    case .refused: "nobody listens there"
    case .reset: "the connection was reset"
    case .unreachable: "the host cannot be reached"
    case .addressInUse: "the address is in use"
    case .addressNotAvailable: "not an address of this machine"
    }
  }
}

/// Turns a status of `CPlatform` into a thrown error.
func check(_ status: Int32) throws(SystemError) {
  if status == PLATFORM_OK { return }
  throw SystemError(SystemError.Kind(rawValue: status) ?? .io, code: platform_system_code())
}
