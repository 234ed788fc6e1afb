import JSON

/// Why a document could not be written or read.
public struct Lite3Error: Error, Equatable, Sendable {
  /// What is wrong; stable across versions.
  public enum Kind: UInt8, Sendable {
    // What a caller may have handed in.
    /// The text is not JSON; `json` says why.
    case invalidJSON
    /// Containers nested deeper than `Lite3Limits.depth`.
    case tooDeep
    /// The document would be larger than `Lite3Limits.documentBytes`.
    case tooLarge
    /// A key contains U+0000, which the format cannot hold.
    case nulInKey
    /// A key longer than `Lite3Limits.keyBytes`, or more elements than `Lite3Limits.elements`.
    case tooMany
    /// More than 127 keys of one object have colliding hashes.
    case collisions
    /// NaN or an infinity.
    case notFinite
    /// A key was put twice into one object.
    case duplicateKey
    /// Bytes handed in as text are not UTF-8.
    case invalidText
    /// The data of a message is not a JSON object.
    case dataMustBeObject

    // What a stored document may turn out to be.
    /// The bytes break a rule of the format.
    case corrupt
    /// The root has no `meta`.
    case missingMeta
    /// `meta` has no `tags`.
    case missingTags
    /// The root has no `data`.
    case missingData
    /// The root is not an object.
    case rootNotObject
    /// `meta` is not an object.
    case metaNotObject
    /// `tags` is not an array.
    case tagsNotArray
    /// `tags` holds something other than strings.
    case tagsNotStrings
    /// `data` is not an object.
    case dataNotObject
  }

  /// What is wrong.
  public let kind: Kind
  /// What the JSON parser said, for `invalidJSON`.
  public var json: JSONError?
  /// Where in the document the damage was found, if known.
  public var offset: Int?

  /// Makes an error.
  public init(_ kind: Kind, offset: Int? = nil) {
    self.kind = kind
    self.offset = offset
  }

  init(_ json: JSONError) {
    kind = .invalidJSON
    self.json = json
  }

  /// Whether a stored document is at fault, rather than what the caller handed in.
  public var isCorruption: Bool { kind.rawValue >= Kind.corrupt.rawValue }

  /// One sentence, lower case, no full stop: the wording of the pool format where it has one (section 14.9).
  public var message: StaticString {
    switch kind {
    case .invalidJSON: json?.message ?? "invalid json"
    case .tooDeep: "failed to encode json as lite3: nested deeper than 32 levels"
    case .tooLarge: "lite3 buffer exceeded max size"
    case .nulInKey: "failed to encode json as lite3: a key contains U+0000"
    case .tooMany: "failed to encode json as lite3: a key is too long or a container has too many elements"
    case .collisions: "failed to encode json as lite3: too many colliding keys"
    case .notFinite: "failed to encode json as lite3: number is not finite"
    case .duplicateKey: "failed to encode json as lite3: duplicate key"
    case .invalidText: "failed to encode json as lite3: text is not valid utf-8"
    case .dataMustBeObject: "data must be object"
    case .corrupt: "failed to decode lite3"
    case .missingMeta: "missing meta"
    case .missingTags: "missing meta.tags"
    case .missingData: "missing data"
    case .rootNotObject: "root is not object"
    case .metaNotObject: "meta is not object"
    case .tagsNotArray: "meta.tags must be array"
    case .tagsNotStrings: "meta.tags must be string array"
    case .dataNotObject: "data is not object"
    }
  }
}
