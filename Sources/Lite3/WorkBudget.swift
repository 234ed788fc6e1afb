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

  /// Counts nodes and entries.
  @inline(__always)
  mutating func visit(_ count: Int = 1, at offset: Int) throws(Lite3Error) {
    visits &-= count
    if visits < 0 { throw Lite3Error(.corrupt, offset: offset) }
  }

  /// Counts bytes that are looked at.
  @inline(__always)
  mutating func read(_ count: Int, at offset: Int) throws(Lite3Error) {
    bytes &-= count
    if bytes < 0 { throw Lite3Error(.corrupt, offset: offset) }
  }
}
