internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// Where a pool is that was named: on this machine, or on another one.
enum PoolPlace {
  case local(PoolReference)
  case remote(RemoteAccess)

  static let argument = Positional(
    "POOL", .required, "The pool: a name in the pool directory, a path, or http(s)://HOST:PORT/POOL",
    details:
      "A word without a path separator is a name: NAME stands for NAME.plasmite in the pool directory. An address stands for a"
      + " pool of another machine, behind `weir serve`; without a port it is 80, or 443. Anything else with a separator is a path,"
      + " used as it is.",
    source: .pool)

  /// What `text` means.
  ///
  /// - Parameter maker: Makes access to other machines; nil where the build cannot.
  init(
    _ text: String, _ invocation: Invocation, _ session: Session, _ maker: RemoteMaker?
  ) throws(CommandError) {
    guard PoolReference.isRemote(text) else {
      try RemoteOptions.refuse(invocation)
      self = .local(try PoolReference(text, in: session))
      return
    }
    self = .remote(try Self.remote(text, invocation, session, maker))
  }

  /// - Parameter isQuiet: What is not safe was told already.
  static func remote(
    _ text: String, _ invocation: Invocation, _ session: Session, _ maker: RemoteMaker?, isQuiet: Bool = false
  ) throws(CommandError) -> RemoteAccess {
    let maker = try required(maker)
    let settings = try RemoteOptions.settings(
      invocation, isQuiet ? nil : session, isExposed: maker.isExposed(text), text: text)
    return try remotely { () throws(Failure) in try maker.pool(text, settings) }
  }

  static func required(_ maker: RemoteMaker?) throws(CommandError) -> RemoteMaker {
    guard let maker else {
      throw .usage(
        "this build has no HTTP client", hint: "Reach pools of other machines with a build for Linux or macOS.")
    }
    return maker
  }

  /// How messages about it name the pool.
  var label: PoolLabel {
    switch self {
    case .local(let reference): PoolLabel(reference)
    case .remote(let access): PoolLabel(text: access.text, path: access.text)
    }
  }
}

extension RemoteAccess {
  /// Opens the pool. If there is none, the error's hint is `missing`.
  func open(missing: @autoclosure () -> String) throws(CommandError) -> Info {
    do throws(Failure) {
      return try open()
    } catch {
      var error = error
      if error.kind == .notFound { error.hint = missing() }
      throw .failed(error)
    }
  }

  /// Opens the pool, and has the server make it first if it is missing.
  func openOrCreate(size: UInt64) throws(CommandError) -> Info {
    // Somebody else may make it, or delete it, between the two steps; whoever comes second opens it.
    do throws(Failure) { return try open() } catch { if error.kind != .notFound { throw .failed(error) } }
    do throws(Failure) {
      return try create(size)
    } catch {
      if error.kind != .alreadyExists { throw .failed(error) }
    }
    return try remotely { () throws(Failure) in try open() }
  }
}
