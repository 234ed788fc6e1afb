internal import JSON
internal import State

extension Matcher {
  /// Tells those who follow tables what happened to their rows.
  func tell(_ notices: [Int: TableNotices]) {
    for (table, notices) in notices {
      guard let feed = registry.feed(table) else { continue }
      if notices.isTooMuch {
        // No order and no state to come back to: so nobody may believe that it was told everything.
        let line = LiveLines.error("too many rows of \(feed.name) changed at once: read the table, and follow it again")
        for stream in registry.end(feed) { stream.finish(line) }
        intake.endFollowing(table)
        continue
      }
      var writer = ByteWriter()
      var lines: [[UInt8]] = []
      for (key, isAlive) in notices.notices {
        writer.removeAll()
        do throws(StateError) { try LiveLines.notice(key, isAlive: isAlive, into: &writer) } catch {
          settings.log("a key of \(feed.name) cannot be told: \(error.message)")
          continue
        }
        lines.append(writer.bytes)
      }
      registry.publish(feed, lines)
    }
  }
}
