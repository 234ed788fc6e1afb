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
    guard let segments = Target.segments(request.rawPath) else { throw .path }
    let path = segments.map { Array($0.utf8) }
    func isPath(_ words: StaticString...) -> Bool {
      words.count == path.count
        && zip(words, path).allSatisfy { word, segment in
          // A variable part.
          word.utf8CodeUnitCount == 0 || word.withUTF8Buffer { segment.elementsEqual($0) }
        }
    }
    let method = request.method
    func reading(_ route: Route) throws(Fault) -> Route {
      guard method == .get || method == .head else { throw .method("GET, HEAD") }
      return route
    }
    func posting(_ route: Route) throws(Fault) -> Route {
      guard method == .post else { throw .method("POST") }
      return route
    }
    if path.count > 2, isName("v0", path[0]), isName("pools", path[1]) {
      if path.count == 3, isName("open", path[2]), method == .post { return .openPool }
      return try pool(segments, path, method)
    }
    if isPath("v0", "pools") {
      switch method {
      case .get, .head: return .listPools(withFollowers: false)
      case .post: return .createPool
      default: throw .method("GET, HEAD, POST")
      }
    }
    if isPath("v0", "ui", "pools") { return try reading(.listPools(withFollowers: true)) }
    if isPath("v0", "ui", "status") { return try reading(.pageStatus) }
    if isPath("v0", "ui", "pools", "", "info") { return try reading(.poolInfo(segments[3], withFollowers: true)) }
    if isPath("v0", "ui", "pools", "", "events") { return try reading(.tail(segments[3], .events)) }
    if isPath("healthz") { return try reading(.health) }
    if isPath("readyz") { return try reading(.ready) }
    if isPath("metrics") { return try reading(.metrics) }
    if isPath("openapi.json") { return try reading(.openAPI) }
    if path.count == 1, path[0].isEmpty { return try reading(.home) }
    if isPath("ui") || isPath("ui", "pools", "") { return try reading(.page) }
    if isPath("mcp") {
      switch method {
      case .get, .head, .post, .delete: return .agent
      default: throw .method("GET, HEAD, POST, DELETE")
      }
    }
    throw .unknown
  }

  /// Below `/v0/pools/NAME`.
  private static func pool(_ segments: [String], _ path: [[UInt8]], _ method: Method) throws(Fault) -> Route {
    let name = segments[2]
    if path.count == 3 {
      guard method == .delete else { throw .method(isName("open", path[2]) ? "POST, DELETE" : "DELETE") }
      return .deletePool(name)
    }
    let isReading = method == .get || method == .head
    func reading(_ route: Route) throws(Fault) -> Route {
      guard isReading else { throw .method("GET, HEAD") }
      return route
    }
    if path.count == 4 {
      if isName("append", path[3]) || isName("append_lite3", path[3]) {
        guard method == .post else { throw .method("POST") }
        return isName("append", path[3]) ? .append(name) : .appendDocument(name)
      }
      if isName("info", path[3]) { return try reading(.poolInfo(name, withFollowers: false)) }
      if isName("tail", path[3]) { return try reading(.tail(name, .lines)) }
      if isName("tail_lite3", path[3]) { return try reading(.tail(name, .documents)) }
    } else if isName("messages", path[3]), path.count == 5 || (path.count == 6 && isName("lite3", path[5])) {
      guard isReading else { throw .method("GET, HEAD") }
      guard let sequence = UInt64(decimal: path[4]) else { throw .sequence }
      return path.count == 5 ? .message(name, sequence) : .document(name, sequence)
    }
    throw .unknown
  }

  private static func isName(_ name: StaticString, _ segment: [UInt8]) -> Bool {
    name.withUTF8Buffer { segment.elementsEqual($0) }
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
