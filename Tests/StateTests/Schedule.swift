import Platform
import SQLite
import State
import Support

/// A run of several sites: each writes, and changes travel in any order, twice, or not at all for a while.
struct Schedule: CustomStringConvertible {
  enum Step: CustomStringConvertible {
    /// A site runs statements in one transaction.
    case write(site: Int, [String], isUndone: Bool)
    /// A site gets what another has of a third's transactions, from a version on, shuffled by a seed; every `dropping`th change is lost.
    case send(from: Int, to: Int, of: Int, since: UInt64, shuffle: UInt64, dropping: Int)

    var description: String {
      switch self {
      case .write(let site, let sql, let isUndone):
        "\(site) \(isUndone ? "undoes" : "writes") \(sql.joined(separator: "; "))"
      case .send(let from, let to, let of, let since, let shuffle, let dropping):
        "\(from) sends \(to) what \(of) wrote since \(since), shuffled by \(shuffle), dropping 1 of \(dropping)"
      }
    }
  }

  let sites: Int
  let tables: [String]
  var steps: [Step]

  var description: String { "\(sites) sites, \(tables)\n" + steps.map { "  \($0)" }.joined(separator: "\n") }

  /// Forms of tables that are captured in different ways.
  static let forms = [
    "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5)",
    "CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY, b REAL, c DEFAULT 'x')",
    "CREATE TABLE t (a INTEGER NOT NULL, b, c, PRIMARY KEY (a)) WITHOUT ROWID",
    "CREATE TABLE t (b, a NOT NULL PRIMARY KEY, v AS (b || '!') VIRTUAL, c, s AS (c) STORED)",
    "CREATE TABLE t (b TEXT, a REAL NOT NULL, c INT NOT NULL DEFAULT 0, PRIMARY KEY (a))",
    "CREATE TABLE t (c ANY, b ANY, a INT NOT NULL, k TEXT NOT NULL DEFAULT 'k', PRIMARY KEY (k, a)) STRICT",
  ]

  init(seed: UInt64) {
    var random = SplitMix(seed: seed)
    sites = Int.random(in: 3...5, using: &random)
    tables = [Self.forms[Int(seed % UInt64(Self.forms.count))]]
    steps = []
    for _ in 0..<Int.random(in: 5...18, using: &random) {
      let site = Int.random(in: 0..<sites, using: &random)
      if Int.random(in: 0..<5, using: &random) < 3 {
        let count = Int.random(in: 1...3, using: &random)
        steps.append(
          .write(
            site: site, (0..<count).map { _ in Self.statement(&random) },
            isUndone: Int.random(in: 0..<12, using: &random) == 0))
      } else {
        steps.append(
          .send(
            from: Int.random(in: 0..<sites, using: &random), to: site, of: Int.random(in: 0..<sites, using: &random),
            since: UInt64.random(in: 1...3, using: &random), shuffle: random.next() % 1000,
            dropping: Int.random(in: 2...6, using: &random)))
      }
    }
  }

  private static func statement(_ random: inout SplitMix) -> String {
    let key = Int.random(in: 1...3, using: &random)
    let (b, c) = (value(&random), Int.random(in: 0...3, using: &random))
    return switch Int.random(in: 0..<12, using: &random) {
    case 0, 1: "INSERT OR IGNORE INTO t (a, b, c) VALUES (\(key), \(b), \(c))"
    case 2: "INSERT INTO t (a, b) VALUES (\(key), \(b)) ON CONFLICT DO UPDATE SET b = excluded.b"
    case 3: "REPLACE INTO t (a, c) VALUES (\(key), \(c))"
    case 4, 5: "UPDATE t SET b = \(b) WHERE a = \(key)"
    case 6: "UPDATE t SET c = \(c)"
    case 7: "DELETE FROM t WHERE a = \(key)"
    case 8: "UPDATE OR REPLACE t SET a = \(key), c = \(c) WHERE a = \(key % 3 + 1)"
    case 9: "DELETE FROM t"
    case 10: "INSERT OR FAIL INTO t (a, b) VALUES (\(key), \(b)), (\(key), 1), (\(key + 1), 2)"
    default:
      "SAVEPOINT s; INSERT OR IGNORE INTO t (a, b) VALUES (\(key), \(b)); ROLLBACK TO s; UPDATE t SET c = \(c) WHERE a = \(key); RELEASE s"
    }
  }

  private static func value(_ random: inout SplitMix) -> String {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: "NULL"
    case 1: "'\(["a", "ä", "z", ""][Int.random(in: 0..<4, using: &random)])'"
    case 2: "1.5"
    case 3: "x'00'"
    default: "\(Int.random(in: 0...2, using: &random))"
    }
  }

  /// The smallest schedule that still fails: steps are taken away as long as it does.
  func shrunk(_ fails: (Schedule) -> Bool) -> Schedule {
    var smallest = self
    var width = max(1, steps.count / 2)
    while true {
      var isSmaller = false
      var start = 0
      while start < smallest.steps.count {
        var candidate = smallest
        candidate.steps.removeSubrange(start..<min(start + width, candidate.steps.count))
        if fails(candidate) {
          smallest = candidate
          isSmaller = true
        } else {
          start += width
        }
      }
      if width == 1 && !isSmaller { return smallest }
      width = max(1, width / 2)
    }
  }
}
