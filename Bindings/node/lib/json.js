// JSON whose integers are exact. JSON.parse makes a binary64 of every number, which holds integers up to 2^53 - 1 only;
// sequence numbers have 64 bits.

// Sixteen digits in a row are the least that such an integer has. Texts without them, nearly all, take the fast way.
const MAY_BE_LARGE = /[0-9]{16}/;
const INTEGER = /^-?[0-9]+$/;
const NUMBER = /-?[0-9.eE+-]+/y;
const BACKSLASH = 0x5c;

/**
 * The value of a JSON text. Integers beyond `Number.MAX_SAFE_INTEGER` become bigints, except, unless `exactData` is set,
 * within the member `data` of a message: those become the nearest number, as with JSON.parse.
 *
 * @param {string} text
 * @param {{ exactData?: boolean }} [options]
 * @returns {any}
 * @throws {SyntaxError} if the text is not JSON
 */
export function readJson(text, { exactData = false } = {}) {
  const value = JSON.parse(text);
  return MAY_BE_LARGE.test(text) ? readExactly(text, exactData) : value;
}

/** Reads a text that is known to be JSON. Keeps its own stack, so that no depth of nesting exhausts the engine's. */
function readExactly(text, exactData) {
  const open = [];
  let root;
  // How many containers were open when the outermost `data` began, or undefined outside of it.
  let dataDepth;

  function put(value) {
    const container = open.at(-1);
    if (container === undefined) {
      root = value;
    } else if (container.isArray) {
      container.value.push(value);
    } else {
      // Plain assignment would take the key `__proto__` for something else.
      Object.defineProperty(container.value, container.key, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
      container.key = undefined;
    }
    if (dataDepth === open.length) {
      dataDepth = undefined;
    }
  }

  for (let at = 0; at < text.length; ) {
    const character = text[at];
    switch (character) {
      case "{":
        open.push({ value: {}, isArray: false, key: undefined });
        at += 1;
        break;
      case "[":
        open.push({ value: [], isArray: true, key: undefined });
        at += 1;
        break;
      case "}":
      case "]":
        put(open.pop().value);
        at += 1;
        break;
      case '"': {
        const end = endOfString(text, at);
        const value = JSON.parse(text.slice(at, end));
        const container = open.at(-1);
        if (container !== undefined && !container.isArray && container.key === undefined) {
          container.key = value;
          if (value === "data" && dataDepth === undefined) {
            dataDepth = open.length;
          }
        } else {
          put(value);
        }
        at = end;
        break;
      }
      case "t":
        put(true);
        at += 4;
        break;
      case "f":
        put(false);
        at += 5;
        break;
      case "n":
        put(null);
        at += 4;
        break;
      case " ":
      case "\t":
      case "\n":
      case "\r":
      case ",":
      case ":":
        at += 1;
        break;
      default:
        NUMBER.lastIndex = at;
        put(numberOf(NUMBER.exec(text)[0], exactData || dataDepth === undefined));
        at = NUMBER.lastIndex;
    }
  }
  return root;
}

function endOfString(text, start) {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slash = end - 1;
    while (text.charCodeAt(slash) === BACKSLASH) {
      slash -= 1;
    }
    // An even number of backslashes before it: the quote is no part of the string.
    if ((end - slash) % 2 === 1) {
      return end + 1;
    }
  }
}

function numberOf(digits, exact) {
  const number = Number(digits);
  return exact && INTEGER.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}

/**
 * The JSON text of a value. Bigints become integers; everything else is as with JSON.stringify.
 *
 * @param {unknown} value
 * @returns {string}
 * @throws {TypeError} if the value holds itself, or is nothing that JSON can say
 */
export function writeJson(value) {
  // Bigints go through JSON.stringify as strings that nothing else can contain, and lose their quotes afterwards.
  let mark;
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part !== "bigint") {
      return part;
    }
    mark ??= `bigint-${crypto.getRandomValues(new Uint32Array(4)).join("-")}:`;
    return mark + part;
  });
  if (text === undefined) {
    throw new TypeError("the value has no JSON text");
  }
  return mark === undefined ? text : text.replaceAll(new RegExp(`"${mark}(-?[0-9]+)"`, "g"), "$1");
}
