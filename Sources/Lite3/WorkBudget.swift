/// How much of a document a walk may look at before the document must be lying.
///
/// Entries and nodes of an honest document lie beside each other, so there are fewer of them than bytes. In a hostile one
/// links may share nodes, and paths multiply with every level; counting what is visited ends such a walk early. Bytes of
/// keys, strings and raw values are counted too, with room for writers that store equal values once.
struct WorkBudget {
  private var visits: Int
  private var bytes: Int

  init(_ document: DocumentBytes) {
    visits = document.count
    bytes = document.count &* 16
  }

  /// Counts a node or an entry.
  @inline(__always)
  mutating func visit(_ offset: Int) throws(Lite3Error) {
    visits &-= 1
    if visits < 0 { throw Lite3Error(.corrupt, offset: offset) }
  }

  /// Counts bytes that are looked at.
  @inline(__always)
  mutating func read(_ count: Int, at offset: Int) throws(Lite3Error) {
    bytes &-= count
    if bytes < 0 { throw Lite3Error(.corrupt, offset: offset) }
  }
}
