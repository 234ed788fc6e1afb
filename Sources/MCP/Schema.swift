internal import Documents

/// JSON schemas of what tools return.
enum Schema {
  static func simple(_ name: String, _ description: String? = nil) -> Report {
    var members: [(String, Report)] = [("type", .text(name))]
    if let description { members.append(("description", .text(description))) }
    return .object(members)
  }

  /// An object that has all of these members, and no others but the optional ones.
  static func closed(_ members: [(String, Report)], optional: [(String, Report)] = []) -> Report {
    .object([
      ("type", .text("object")), ("additionalProperties", .bool(false)), ("properties", .object(members + optional)),
      ("required", .list(members.map { .text($0.0) })),
    ])
  }

  static func list(_ element: Report, _ description: String? = nil) -> Report {
    var members: [(String, Report)] = [("type", .text("array")), ("items", element)]
    if let description { members.append(("description", .text(description))) }
    return .object(members)
  }

  static var whole: Report {
    .object([("type", .text("integer")), ("minimum", .whole(0))])
  }

  private static func wholeOrNull(_ description: String) -> Report {
    .object([
      ("type", .list([.text("integer"), .text("null")])), ("minimum", .whole(0)), ("description", .text(description)),
    ])
  }

  static var message: Report {
    closed([
      ("seq", whole), ("time", simple("string")), ("meta", closed([("tags", list(simple("string")))])),
      ("data", .object([])),
    ])
  }

  static var pool: Report {
    .object([
      ("type", .text("object")), ("additionalProperties", .bool(true)),
      (
        "properties",
        .object([
          ("name", simple("string")), ("path", simple("string")), ("file_size", whole),
          (
            "bounds",
            .object([
              ("type", .text("object")), ("additionalProperties", .bool(false)),
              (
                "description",
                .text("The first and the last sequence number that the pool holds; neither when it is empty.")
              ),
              ("properties", .object([("oldest", whole), ("newest", whole)])),
            ])
          ),
          ("metrics", simple("object")),
        ])
      ),
      ("required", .list([.text("name"), .text("path"), .text("file_size"), .text("bounds")])),
    ])
  }

  static var poolList: Report {
    closed(
      [("pools", list(pool))],
      optional: [
        (
          "errors",
          list(
            closed([
              ("name", simple("string")), ("path", simple("string")),
              (
                "error",
                .object([
                  ("type", .text("object")),
                  ("properties", .object([("kind", kinds), ("message", simple("string"))])),
                  ("required", .list([.text("kind"), .text("message")])),
                ])
              ),
            ]), "Pools that cannot be read, with the reason; left out when there are none.")
        )
      ])
  }

  static var readMembers: [(String, Report)] {
    [
      ("messages", list(message, "The messages, oldest first.")),
      (
        "next_after_seq",
        wholeOrNull("The last sequence number that was looked at: pass it as after_seq to go on from here.")
      ),
      ("last_returned_seq", wholeOrNull("The sequence number of the last message returned; null when there is none.")),
      ("oldest_available_seq", wholeOrNull("The oldest message that the pool holds; null when it is empty.")),
      ("newest_available_seq", wholeOrNull("The newest message that the pool holds; null when it is empty.")),
      (
        "fell_behind",
        simple("boolean", "True when messages after after_seq were overwritten before they were read: they are gone.")
      ),
    ]
  }

  static var failure: Report {
    .object([
      ("type", .text("object")), ("description", .text("The call failed: error_kind is one of a fixed set.")),
      ("properties", .object([("tool", simple("string")), ("error_kind", kinds)])),
      ("required", .list([.text("tool"), .text("error_kind")])),
    ])
  }

  /// The kinds of errors that pools know.
  private static var kinds: Report {
    .object([
      ("type", .text("string")),
      ("enum", .list(Failure.Kind.allCases.filter { $0 != .timedOut }.map { .text($0.name) })),
    ])
  }
}
