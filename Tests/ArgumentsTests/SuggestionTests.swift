import Testing

@testable import Arguments

struct SuggestionTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("tail", "tail", 0), ("tial", "tail", 1), ("tale", "tail", 2), ("kitten", "sitting", 3),
    ("ab", "ba", 1),
  ])
  func distances(first: String, second: String, distance: Int) {
    #expect(Suggestion.editDistance(Array(first.utf8), Array(second.utf8)) == distance)
    #expect(Suggestion.editDistance(Array(second.utf8), Array(first.utf8)) == distance)
  }

  @Test(
    arguments: [
      ("folow", "follow"), ("feedd", "feed"), ("follwo", "follow"), ("fol", "follow"), ("zebra", nil), ("", nil),
      ("x", nil),
      (String(repeating: "f", count: 100_000), nil),
    ] as [(String, String?)])
  func guesses(word: String, guess: String?) {
    #expect(Suggestion.closest(to: word, among: ["feed", "follow", "fetch", "doctor"]) == guess)
  }
}
