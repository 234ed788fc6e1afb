internal import Documents
internal import JSON

/// What the tools take.
enum Parameter {
  case name, pool, size, data, tags, create, seq, count, afterSeq, since, timeout

  var name: StaticString {
    switch self {
    case .name: "name"
    case .pool: "pool"
    case .size: "size"
    case .data: "data"
    case .tags: "tags"
    case .create: "create"
    case .seq: "seq"
    case .count: "count"
    case .afterSeq: "after_seq"
    case .since: "since"
    case .timeout: "timeout_ms"
    }
  }

  var isRequired: Bool {
    switch self {
    case .name, .pool, .data, .seq: true
    case .size, .tags, .create, .count, .afterSeq, .since, .timeout: false
    }
  }

  /// Whether null is the same as leaving it out.
  var mayBeNull: Bool {
    switch self {
    case .create, .since: true
    case .name, .pool, .size, .data, .tags, .seq, .count, .afterSeq, .timeout: false
    }
  }

  func schema(for tool: Tool) -> Report {
    switch self {
    case .name: Schema.simple("string", "The new pool's name")
    case .pool: Schema.simple("string", "The pool's name")
    case .size: Schema.simple("integer", "Bytes of the whole file, which never change (default: 1048576)")
    case .data: Schema.simple("object", "What the message says: any JSON object")
    case .tags:
      .object([
        ("type", .text("array")), ("items", Schema.simple("string")), ("maxItems", .whole(UInt64(MCPLimits.tags))),
        (
          "description",
          .text(
            (tool == .feed ? "Labels that readers can select by" : "Only messages that carry all of these tags")
              + "; white space around a tag is dropped, and a tag must not be empty")
        ),
      ])
    case .create: Schema.simple("boolean", "Make the pool, of the default size, if there is none (default: false)")
    case .seq:
      .object([
        ("type", .text("integer")), ("minimum", .whole(0)), ("description", .text("The message's sequence number")),
      ])
    case .count:
      .object([
        ("type", .text("integer")), ("minimum", .whole(1)), ("maximum", .whole(MCPLimits.messages)),
        ("description", .text("The most messages to return (default: 20, at most 200)")),
      ])
    case .afterSeq:
      .object([
        ("type", .text("integer")), ("minimum", .whole(0)),
        (
          "description",
          .text(
            tool == .wait
              ? "Messages after this sequence number count; leave it out for those that come from now on"
              : "Return the first messages after this sequence number, instead of the latest")
        ),
      ])
    case .since:
      Schema.simple(
        "string", "Only messages from this time on: a time ago such as 30s, 5m, 2h, 1d, or 2026-11-21T06:00:00Z")
    case .timeout:
      .object([
        ("type", .text("integer")), ("minimum", .whole(0)), ("maximum", .whole(MCPLimits.waitMilliseconds)),
        ("description", .text("How long to wait at most, in milliseconds (default: 10000, at most 60000)")),
      ])
    }
  }
}
