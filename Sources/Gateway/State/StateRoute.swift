internal import HTTP

/// What a request of the state's API wants.
enum StateRoute: Sendable {
  case transactions
  case queries
  case subscriptions
  case subscription(ArraySlice<UInt8>)
  case updates(String)
  case tableStatistics
  case health
  case migrations

  enum Fault: Error {
    case unknown
    /// The path is no text.
    case path
    case method(StaticString)
  }

  static func find(_ request: Request) throws(Fault) -> StateRoute {
    guard let path = PathSegments(request.rawPath) else { throw .path }
    guard path.isWord("v1", at: 0), path.count == 2 || path.count == 3 else { throw .unknown }
    if path.count == 3 {
      if path.isWord("subscriptions", at: 1) { return try taking(.subscription(path[2]), "GET", request) }
      guard path.isWord("updates", at: 1) else { throw .unknown }
      guard let table = path.text(at: 2) else { throw .path }
      return try taking(.updates(table), "POST", request)
    }
    if path.isWord("transactions", at: 1) { return try taking(.transactions, "POST", request) }
    if path.isWord("queries", at: 1) { return try taking(.queries, "POST", request) }
    if path.isWord("subscriptions", at: 1) { return try taking(.subscriptions, "POST", request) }
    if path.isWord("table_stats", at: 1) { return try taking(.tableStatistics, "POST", request) }
    if path.isWord("health", at: 1) { return try taking(.health, "GET", request) }
    if path.isWord("migrations", at: 1) { return try taking(.migrations, "POST", request) }
    throw .unknown
  }

  private static func taking(
    _ route: StateRoute, _ method: StaticString, _ request: Request
  ) throws(Fault) -> StateRoute {
    let isGet = method.utf8CodeUnitCount == 3
    guard request.method == (isGet ? .get : .post) || isGet && request.method == .head else {
      throw .method(isGet ? "GET, HEAD" : "POST")
    }
    return route
  }

  /// Which of `StateGateway`'s counters it counts against.
  var turnstile: Int {
    switch self {
    case .transactions, .migrations: 0
    case .queries: 1
    case .subscriptions: 2
    case .subscription: 3
    case .updates: 4
    case .tableStatistics: 5
    case .health: 6
    }
  }

  static let turnstiles = 7

  /// Whether it only tells how things stand.
  var isStatus: Bool { turnstile >= 5 }

  /// Whether its body is JSON.
  var hasJSONBody: Bool {
    switch self {
    case .transactions, .queries, .subscriptions, .tableStatistics, .migrations: true
    case .subscription, .updates, .health: false
    }
  }
}
