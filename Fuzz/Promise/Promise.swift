/// Ends the run, and says why, if a promise about the input at hand does not hold. libFuzzer keeps the input.
public func promise(_ holds: Bool, _ words: StaticString) {
  guard holds else { fatalError(words.description) }
}
