/** Fields of a message, by name. */
export type Selection = ReadonlyMap<string, SelectedField>;

export interface SelectedField {
  readonly required: boolean;
  /** The fields of the message that it holds; without it, all of them. */
  readonly fields?: Selection;
}

/** Reads what `BodyShape.fields` says, such as `instance_id! cluster{cluster_name nodes{ip}}`. */
export function readSelection(text: string): Selection {
  const tokens = text.match(/\w+|\S/g) ?? [];
  const [selection, end] = readFields(tokens, 0);
  if (end < tokens.length) throw unexpected(text, tokens[end]);
  return selection;
}

function readFields(tokens: readonly string[], from: number): [Selection, number] {
  const selection = new Map<string, SelectedField>();
  let at = from;
  for (let name = tokens[at]; name !== undefined && name !== '}'; name = tokens[at]) {
    if (!/^\w+$/.test(name) || selection.has(name)) throw unexpected(tokens.join(' '), name);
    at++;
    const required = tokens[at] === '!';
    if (required) at++;
    if (tokens[at] !== '{') {
      selection.set(name, { required });
      continue;
    }
    const [fields, end] = readFields(tokens, at + 1);
    if (tokens[end] !== '}') throw unexpected(tokens.join(' '), tokens[end]);
    selection.set(name, { required, fields });
    at = end + 1;
  }
  return [selection, at];
}

function unexpected(text: string, token = 'the end'): Error {
  return new Error(`fields can't be read, ${token} is not expected here or there twice: ${text}`);
}
