internal import JSON
internal import SQLite
internal import State

/// Reads bodies of the state's API without a node: for tests that feed it anything.
public enum StatementCheck {
  /// A statement that was read.
  public struct Statement: Sendable {
    /// Its text.
    public let sql: String
    /// The parameters that are lists or objects and no blobs, as they were sent.
    public let nested: [[UInt8]]
  }

  /// Why a body holds no statements.
  public struct Problem: Error, Sendable {
    /// Of the answer: 400 or 422.
    public let status: Int
  }

  /// What a body holds.
  ///
  /// - Parameter isList: whether it is to be an array of statements, and not one.
  public static func read(_ body: [UInt8], asList isList: Bool) -> Result<[Statement], Problem> {
    do throws(StatementRequest.Fault) {
      let statements = try isList ? StatementRequest.list(body) : [StatementRequest.one(body)]
      return .success(statements.map { Statement(sql: $0.sql, nested: $0.nested) })
    } catch {
      switch error {
      case .malformed: return .failure(Problem(status: 400))
      case .shape: return .failure(Problem(status: 422))
      }
    }
  }
}

extension StatementRequest {
  fileprivate var nested: [[UInt8]] {
    let values: [SQLiteValue] =
      switch parameters {
      case .positional(let values): values
      case .named(let pairs): pairs.map { $0.value }
      }
    return values.compactMap { value in
      guard case .text(let text) = value, text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "[") else {
        return nil
      }
      return text
    }
  }
}
