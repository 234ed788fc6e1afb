internal import CCurl
internal import Platform

/// libcurl, loaded once when the first client is made.
enum CurlLibrary {
  private static let names = ["libcurl.so.4", "libcurl.4.dylib", "libcurl.dylib", "libcurl.dll"]

  /// Why it cannot be used; nil if it can.
  static let problem: HTTPFailure? = load()

  private static func load() -> HTTPFailure? {
    let hint = "Install libcurl 7.80 or later; on Debian: apt-get install libcurl4."
    var library: DynamicLibrary
    do throws(SystemError) {
      library = try DynamicLibrary(anyOf: names)
    } catch {
      return HTTPFailure(
        .unavailable, "libcurl cannot be loaded", hint: hint,
        detail: "none of these was found: libcurl.so.4, libcurl.dylib, libcurl.dll")
    }
    var failure = ccurl_failure()
    let isLoaded = withUnsafeMutablePointer(to: &library) { library in
      ccurl_load(
        { context, name in
          guard let context, let name else { return nil }
          return context.assumingMemoryBound(to: DynamicLibrary.self).pointee.symbol(name)
        }, library, &failure)
    }
    guard !isLoaded else { return nil }
    var problem = HTTPFailure(failure)
    (problem.kind, problem.message, problem.hint) = (.unavailable, "libcurl cannot be used", hint)
    return problem
  }
}
