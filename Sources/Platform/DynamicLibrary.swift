internal import CPlatform

/// A shared library that is loaded when it is needed, and then stays for the life of the process.
///
/// For what most runs of a program do without: a library that is linked costs its loading at every start. Safe from any thread.
public struct DynamicLibrary: @unchecked Sendable {
  private let library: OpaquePointer

  /// Loads the first of these libraries that is there. A name without a separator is looked up where the system keeps libraries.
  ///
  /// - Throws: `.notFound` when none of them, or nothing that they need, can be loaded.
  public init(anyOf names: [String]) throws(SystemError) {
    var failure = SystemError(.notFound)
    for name in names {
      var library: OpaquePointer?
      do throws(SystemError) {
        try check(name.withCString { platform_library_open($0, &library) })
      } catch {
        failure = error
      }
      if let library {
        self.library = library
        return
      }
    }
    throw failure
  }

  /// The address of what the library exports under this name; nil if it exports nothing of the kind.
  public func symbol(_ name: UnsafePointer<CChar>) -> UnsafeMutableRawPointer? {
    platform_library_symbol(library, name)
  }
}
