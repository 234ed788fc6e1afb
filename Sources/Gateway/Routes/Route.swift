internal import HTTP

/// What a request asks for, by its method and path.
enum Route {
  case health
  case ready
  case metrics
  case openAPI
  /// The web page. It finds out from its own address what to show.
  case page
  case home
  case pageStatus
  /// `withFollowers`: as the web page is told.
  case listPools(withFollowers: Bool)
  case createPool
  case openPool
  case poolInfo(String, withFollowers: Bool)
  case deletePool(String)
  case append(String)
  case appendDocument(String)
  case message(String, UInt64)
  case document(String, UInt64)
  case tail(String, TailFormat)
  case agent

  /// Why there is none.
  enum Fault: Error {
    case unknown
    /// The path is known, and goes with these methods.
    case method(StaticString)
    case path
    case sequence
  }

  static func find(_ request: Request) throws(Fault) -> Route {
    guard let path = PathSegments(request.rawPath) else { throw .path }
    let method = request.method
    if path.isWord("v0", at: 0) {
      if path.isWord("pools", at: 1) { return try pools(path, method) }
      if path.isWord("ui", at: 1) { return try forPage(path, method) }
      throw .unknown
    }
    if path.count == 1 { return try single(path, method) }
    guard path.isWord("ui", at: 0) else { throw .unknown }
    // Some add a slash to an address, which would break the page's own.
    if path.count == 2, path.isWord("", at: 1) { return try reading(.home, method) }
    guard path.count == 3, path.isWord("pools", at: 1) else { throw .unknown }
    return try reading(.page, method)
  }

  /// Directly below `/`.
  private static func single(_ path: PathSegments, _ method: Method) throws(Fault) -> Route {
    if path.isWord("healthz", at: 0) { return try reading(.health, method) }
    if path.isWord("readyz", at: 0) { return try reading(.ready, method) }
    if path.isWord("metrics", at: 0) { return try reading(.metrics, method) }
    if path.isWord("openapi.json", at: 0) { return try reading(.openAPI, method) }
    if path.isWord("", at: 0) { return try reading(.home, method) }
    if path.isWord("ui", at: 0) { return try reading(.page, method) }
    guard path.isWord("mcp", at: 0) else { throw .unknown }
    switch method {
    case .get, .head, .post, .delete: return .agent
    default: throw .method("GET, HEAD, POST, DELETE")
    }
  }

  /// Below `/v0/ui`: what the web page asks for.
  private static func forPage(_ path: PathSegments, _ method: Method) throws(Fault) -> Route {
    if path.count == 3, path.isWord("status", at: 2) { return try reading(.pageStatus, method) }
    guard path.isWord("pools", at: 2) else { throw .unknown }
    if path.count == 3 { return try reading(.listPools(withFollowers: true), method) }
    guard path.count == 5 else { throw .unknown }
    if path.isWord("info", at: 4) { return try reading(.poolInfo(name(path, 3), withFollowers: true), method) }
    if path.isWord("events", at: 4) { return try reading(.tail(name(path, 3), .events), method) }
    throw .unknown
  }

  /// `/v0/pools` and what is below it.
  private static func pools(_ path: PathSegments, _ method: Method) throws(Fault) -> Route {
    switch path.count {
    case 2:
      switch method {
      case .get, .head: return .listPools(withFollowers: false)
      case .post: return .createPool
      default: throw .method("GET, HEAD, POST")
      }
    case 3:
      let isOpen = path.isWord("open", at: 2)
      if isOpen, method == .post { return .openPool }
      guard method == .delete else { throw .method(isOpen ? "POST, DELETE" : "DELETE") }
      return try .deletePool(name(path, 2))
    case 4:
      if path.isWord("append", at: 3) { return try posting(.append(name(path, 2)), method) }
      if path.isWord("append_lite3", at: 3) { return try posting(.appendDocument(name(path, 2)), method) }
      if path.isWord("info", at: 3) { return try reading(.poolInfo(name(path, 2), withFollowers: false), method) }
      if path.isWord("tail", at: 3) { return try reading(.tail(name(path, 2), .lines), method) }
      if path.isWord("tail_lite3", at: 3) { return try reading(.tail(name(path, 2), .documents), method) }
    case 5 where path.isWord("messages", at: 3): return try reading(.message(name(path, 2), sequence(path, 4)), method)
    case 6 where path.isWord("messages", at: 3) && path.isWord("lite3", at: 5):
      return try reading(.document(name(path, 2), sequence(path, 4)), method)
    default: break
    }
    throw .unknown
  }

  private static func name(_ path: PathSegments, _ index: Int) throws(Fault) -> String {
    guard let name = path.text(at: index) else { throw .path }
    return name
  }

  private static func sequence(_ path: PathSegments, _ index: Int) throws(Fault) -> UInt64 {
    guard let sequence = UInt64(decimal: path[index]) else { throw .sequence }
    return sequence
  }

  private static func reading(_ route: Route, _ method: Method) throws(Fault) -> Route {
    guard method == .get || method == .head else { throw .method("GET, HEAD") }
    return route
  }

  private static func posting(_ route: Route, _ method: Method) throws(Fault) -> Route {
    guard method == .post else { throw .method("POST") }
    return route
  }
}

extension UInt64 {
  /// The number that decimal digits write, and nothing but digits; nil for anything else, or a number above 2^64 - 1.
  init?(decimal digits: some Collection<UInt8>) {
    guard !digits.isEmpty else { return nil }
    var number: UInt64 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      let (product, overflows) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      if overflows || overflowsToo { return nil }
      number = sum
    }
    self = number
  }
}
