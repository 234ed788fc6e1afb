internal import Documents

/// What a client can call.
enum Tool: CaseIterable {
  case list, create, info, delete, feed, fetch, read, wait

  /// The tool with this name; nil if there is none.
  init?(_ name: String) {
    guard let tool = Self.allCases.first(where: { $0.name.text.utf8.elementsEqual(name.utf8) }) else { return nil }
    self = tool
  }

  /// The names are those that clients of Plasmite know.
  var name: StaticString {
    switch self {
    case .list: "plasmite_pool_list"
    case .create: "plasmite_pool_create"
    case .info: "plasmite_pool_info"
    case .delete: "plasmite_pool_delete"
    case .feed: "plasmite_feed"
    case .fetch: "plasmite_fetch"
    case .read: "plasmite_read"
    case .wait: "plasmite_wait"
    }
  }

  var mode: MCPAccess.Mode {
    switch self {
    case .list, .info, .fetch, .read, .wait: .read
    case .create, .delete, .feed: .write
    }
  }

  /// What it takes, the required ones first.
  var parameters: [Parameter] {
    switch self {
    case .list: []
    case .create: [.name, .size]
    case .info, .delete: [.pool]
    case .feed: [.pool, .data, .tags, .create]
    case .fetch: [.pool, .seq]
    case .read: [.pool, .count, .afterSeq, .since, .tags]
    case .wait: [.pool, .afterSeq, .count, .timeout, .tags]
    }
  }

  var description: String {
    switch self {
    case .list:
      "Lists the pools with what they hold and how full they are. Call this first when you do not know which pool you need."
    case .create:
      "Makes a new pool. Its size is fixed: when it is full, new messages overwrite the oldest. A pool of that name that exists"
        + " already is left as it is, and the call fails with AlreadyExists: simply use that pool."
    case .info: "Tells a pool's size, how full it is, and which messages it still holds."
    case .delete: "Deletes a pool with all its messages, for every program that uses it. This cannot be undone."
    case .feed:
      "Appends one message to a pool and returns it with the sequence number it was given. Every call appends: a call that is"
        + " repeated because its result was lost may store the message twice."
    case .fetch: "Returns the one message with a sequence number that you know, as long as the pool still holds it."
    case .read:
      "Returns messages that a pool holds, oldest first: the latest ones, or with after_seq the first ones after that number."
    case .wait:
      "Waits until messages come and returns them, or gives up after timeout_ms, which is no failure. Without after_seq only"
        + " messages that come from now on count. To miss none between calls, pass next_after_seq of the last result as after_seq."
    }
  }

  private var isDestructive: Bool { self == .delete }
  private var isIdempotent: Bool { self != .feed }

  /// What `tools/list` says of it.
  var descriptor: Report {
    .object([
      ("name", .text(name.text)), ("description", .text(description)), ("inputSchema", inputSchema),
      ("outputSchema", outputSchema),
      (
        "annotations",
        .object([
          ("readOnlyHint", .bool(mode == .read)), ("destructiveHint", .bool(isDestructive)),
          ("idempotentHint", .bool(isIdempotent)), ("openWorldHint", .bool(false)),
        ])
      ),
    ])
  }

  private var inputSchema: Report {
    let required = parameters.filter { $0.isRequired }
    var members: [(String, Report)] = [
      ("type", .text("object")), ("additionalProperties", .bool(false)),
      ("properties", .object(parameters.map { ($0.name.text, $0.schema(for: self)) })),
    ]
    if !required.isEmpty { members.append(("required", .list(required.map { .text($0.name.text) }))) }
    return .object(members)
  }

  private var outputSchema: Report {
    let success: Report =
      switch self {
      case .list: Schema.poolList
      case .create, .info: Schema.closed([("pool", Schema.pool)])
      case .delete: Schema.closed([("deleted", Schema.closed([("pool", Schema.simple("string"))]))])
      case .feed, .fetch: Schema.closed([("message", Schema.message)])
      case .read: Schema.closed(Schema.readMembers)
      case .wait:
        Schema.closed(
          Schema.readMembers + [
            ("timed_out", Schema.simple("boolean", "True when no matching message came before the time was up."))
          ])
      }
    return .object([("type", .text("object")), ("oneOf", .list([success, Schema.failure]))])
  }
}
