import Platform
import SQLite
import State
import Support
import Testing

@Suite struct VectorTests {
  @Test func everyVectorOfTheFileComesOutAsItWasRecorded() throws {
    let file = try VectorFile(VectorFile.chosen)
    #expect(!file.vectors.isEmpty)
    for vector in file.vectors {
      var run = try VectorRun(vector, file.sites)
      do {
        try run.play()
      } catch {
        run.problems.append("\(error)")
      }
      #expect(run.problems.isEmpty, "\(vector["id"].text): \(vector["title"].text)")
    }
  }
}

/// One vector with its sites.
private struct VectorRun {
  private struct Stop: Error {}

  private let vector: Node
  private let directory: TemporaryDirectory
  private var stores: [String: StateStore] = [:]
  private let ids: [String: SiteID]
  private var captured: [String: [Change]] = [:]
  private let isLenient: Bool
  var problems: [String] = []

  init(_ vector: Node, _ ids: [String: SiteID]) throws {
    self.vector = vector
    self.ids = ids
    directory = try TemporaryDirectory()
    isLenient = vector["lenient"].elements.contains { $0.text == "seq" }
    for site in vector["sites"].elements {
      var settings = StateStore.Settings()
      settings.site = ids[site.text]
      settings.equalValuesMerge = vector["config"]["merge_equal_values"].isTrue
      settings.replaceDeletes = vector["config"]["recursive_triggers"].isTrue
      let store = try StateStore(directory.file(site.text), settings)
      for sql in vector["schema"].elements {
        _ = try store.write(time: 0) { (transaction) throws(StateError) in try transaction.run(sql.text) }
      }
      if vector["crr_at_start"].isTrue { try store.track(vector["crr"].elements.map { $0.text }) }
      stores[site.text] = store
    }
  }

  mutating func play() throws {
    for (index, step) in vector["steps"].elements.enumerated() {
      try perform(step, index)
      for (site, state) in step["after"].members { try compare(site, state, "after step \(index)") }
    }
    for (site, state) in vector["expected"].members { try compare(site, state, "at the end") }
  }

  private func store(_ name: String) throws -> StateStore {
    guard let store = stores[name] else { throw Stop() }
    return store
  }

  private mutating func perform(_ step: Node, _ index: Int) throws {
    switch step["do"].text {
    case "tx": try transaction(step, index)
    case "capture": captured[step["name"].text] = changes(step["changes"])
    case "deliver":
      let impact = try store(step["to"].text).merge(changes(step["changes"]))
      if impact != Int(step["rows_impacted"].number) {
        problems.append("step \(index): impact \(impact) and not \(step["rows_impacted"].number)")
      }
    case "make_crr": try store(step["site"].text).track([step["table"].text])
    case "alter":
      try store(step["site"].text).alter(
        step["table"].text, step["sql"].elements.map { $0.text },
        step["mode"].text == "full" ? .sameEverywhere : .addColumns)
    case let other: problems.append("step \(index): \(other) is unknown")
    }
  }

  private mutating func transaction(_ step: Node, _ index: Int) throws {
    let failing = step["failing_statements"].elements.map { Int($0.number) }
    let isKept = step["commit"].isTrue
    do {
      _ = try store(step["site"].text).write(time: UInt64(step["ts"].text) ?? 0) {
        (transaction) throws(StateError) in
        for (place, sql) in step["sql"].elements.enumerated() {
          guard failing.contains(place) else {
            try transaction.run(sql.text)
            continue
          }
          let failure = #expect(throws: StateError.self) { try transaction.run(sql.text) }
          if failure == nil { throw StateError(.usage, "statement \(place) must fail") }
        }
        if !isKept { throw StateError(.usage, "to be undone") }
      }
    } catch let error as StateError where !isKept && error.message == "to be undone" {}
  }

  private func changes(_ list: Node) -> [Change] {
    list.elements.map { one in
      let fields = one.elements
      return Change(
        table: fields[0].text, key: bytes(hex: fields[1].text), column: fields[2].text, value: SQLiteValue(fields[3]),
        columnVersion: UInt64(fields[4].number), version: UInt64(fields[5].number),
        site: ids[fields[6].text] ?? SiteID(high: 0, low: 0), causalLength: UInt64(fields[7].number),
        seq: UInt64(fields[8].number), time: UInt64(fields[9].text) ?? 0)
    }
  }

  private mutating func compare(_ site: String, _ state: Node, _ when: String) throws {
    let store = try store(site)
    for (table, expected) in state["rows"].members {
      let names = expected["columns"].elements.map { "\"\($0.text)\"" }.joined(separator: ", ")
      let rows = try store.write(time: 0) { (transaction) throws(StateError) in
        try transaction.rows("SELECT \(names) FROM \"\(table)\"")
      }.result
      let wanted = expected["rows"].elements.map { row in row.elements.map { SQLiteValue($0) } }
      if Set(rows) != Set(wanted) || rows.count != wanted.count {
        problems.append("\(when): \(site).\(table) is \(rows) and not \(wanted)")
      }
    }
    try compareChanges(store, site, state, when)
    var heads: [SiteID: UInt64] = [:]
    for (name, version) in state["db_versions"].members {
      if let id = ids[name] { heads[id] = UInt64(version.number) }
    }
    let found = try store.heads()
    if found != heads { problems.append("\(when): \(site) knows versions \(found) and not \(heads)") }
    let differences = try store.differences()
    if !differences.isEmpty { problems.append("\(when): \(site) differs: \(differences)") }
  }

  private mutating func compareChanges(_ store: StateStore, _ site: String, _ state: Node, _ when: String) throws {
    func order(_ changes: [Change]) -> [Change] {
      changes.sorted { a, b in
        (a.site, a.version, a.seq) != (b.site, b.version, b.seq)
          ? (a.site, a.version, a.seq) < (b.site, b.version, b.seq)
          : (a.table, a.key.map { "\($0 + 100)" }.joined(), a.column)
            < (b.table, b.key.map { "\($0 + 100)" }.joined(), b.column)
      }
    }
    var found = order(try store.allChanges())
    var wanted = order(changes(state["changes"]))
    let bySite = try ids.values.flatMap { try store.changes(of: $0, 0...UInt64(Int64.max)) }
    if order(bySite) != found { problems.append("\(when): \(site) reads other changes by version than in all") }
    if isLenient {
      if Set(found.map { [$0.version, $0.seq] }).count != found.count {
        problems.append("\(when): places are not unique")
      }
      for index in found.indices { found[index].seq = 0 }
      for index in wanted.indices { wanted[index].seq = 0 }
    }
    if found != wanted {
      let extra = found.filter { !wanted.contains($0) }
      let missing = wanted.filter { !found.contains($0) }
      problems.append("\(when): \(site) has \(extra) and lacks \(missing)")
    }
  }
}
