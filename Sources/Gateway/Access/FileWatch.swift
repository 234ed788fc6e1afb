internal import Documents
internal import Platform

/// Notices when a private file changes, without reading it again and again.
struct FileWatch {
  /// What tells one state of a file from another.
  private struct Stamp: Equatable {
    let identity: File.Identity
    let size: UInt64
    let modified: Int64
    let permissions: UInt32

    init(_ info: File.Info) {
      identity = info.identity
      size = info.size
      modified = info.modified
      permissions = info.permissions
    }
  }

  private enum State {
    case unknown, missing
    case failed(String)
    /// Unsettled: changed so shortly before it was read that another change may have the same time.
    case seen(Stamp, digest: SecretDigest, isSettled: Bool)
  }

  /// Nanoseconds after which a file that was changed again has another time, on every file system.
  private static let settling: Int64 = 2_000_000_000

  let path: String
  private let name: String
  private var state = State.unknown

  /// - Parameter name: what to call the file in errors.
  init(_ path: String, _ name: String) {
    self.path = path
    self.name = name
  }

  /// The file's content, or nil inside for none, if it is another than last time; nil if there is nothing new.
  ///
  /// - Parameter now: nanoseconds since 1970-01-01 UTC.
  mutating func look(now: UInt64) -> Result<[UInt8]?, Failure>? {
    let info: File.Info
    do throws(SystemError) {
      info = try File.info(path)
    } catch {
      return cannotLook(error)
    }
    if case .seen(let stamp, _, let isSettled) = state, isSettled, stamp == Stamp(info) { return nil }
    do throws(Failure) {
      let (content, info) = try PrivateFile.read(path, name)
      return saw(content, info, now)
    } catch {
      return failed(error)
    }
  }

  private mutating func saw(_ content: [UInt8], _ info: File.Info, _ now: UInt64) -> Result<[UInt8]?, Failure>? {
    let digest = SecretDigest(of: content)
    var isNew = true
    if case .seen(_, let earlier, _) = state { isNew = !earlier.matches(digest) }
    let age = Int64(clamping: now).subtractingReportingOverflow(info.modified)
    state = .seen(Stamp(info), digest: digest, isSettled: !age.overflow && age.partialValue > Self.settling)
    return isNew ? .success(content) : nil
  }

  private mutating func cannotLook(_ error: SystemError) -> Result<[UInt8]?, Failure>? {
    switch error.kind {
    case .notFound:
      if case .missing = state { return nil }
      state = .missing
      return .success(nil)
    case .limit, .noMemory, .busy:
      // That says nothing about the file. What was known holds until the system has recovered.
      if case .seen = state { return nil }
    default: break
    }
    return failed(
      Failure(
        .io, "failed to read \(name)", hint: "Check the path, and who may read it.", path: path, causes: [error.message]
      ))
  }

  private mutating func failed(_ error: Failure) -> Result<[UInt8]?, Failure>? {
    if case .failed(let message) = state, message.utf8.elementsEqual(error.message.utf8) { return nil }
    state = .failed(error.message)
    return .failure(error)
  }
}
