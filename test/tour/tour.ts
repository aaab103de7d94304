/** The service is started, or started again: what the block `npm start` means. */
export interface Start {
  readonly kind: 'start';
}

/** A command of the reader's shell, and what it must print. */
export interface Call {
  readonly kind: 'call';
  /** Where it stands: `README.md:57`. */
  readonly place: string;
  /** The variables that earlier commands have set, and the command. */
  readonly command: string;
  readonly answer: string;
}

interface Block {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

const ASSIGNMENT = /^[A-Z_]+=\S+$/;

/** What a command prints that is done and has nothing to say: the answer of every command without one of its own. */
const DONE = '{\n    "code": "OK",\n    "msg": ""\n}';

/**
 * Reads a section of a Markdown file as a tour: each `sh` block is a command, and the `json` or `text` block after it
 * is what the command prints. Throws for a block that is neither.
 */
export function readTour(file: string, markdown: string, heading: string): (Start | Call)[] {
  const steps: (Start | Call)[] = [];
  const variables: string[] = [];
  const blocks = blocksOf(markdown, heading);
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    const place = `${file}:${block?.line}`;
    if (block?.language !== 'sh') throw new Error(`${place}: expected a block of commands`);
    if (block.text === 'npm start') {
      steps.push({ kind: 'start' });
      continue;
    }
    const next = blocks[i + 1];
    const answered = next?.language === 'json' || next?.language === 'text';
    if (answered) i++;
    const answer = answered ? next.text : DONE;
    steps.push({ kind: 'call', place, command: [...variables, block.text].join('\n'), answer });
    variables.push(...block.text.split('\n').filter((line) => ASSIGNMENT.test(line)));
  }
  return steps;
}

/** The fenced blocks of a section, in their order. */
export function blocksOf(markdown: string, heading: string): Block[] {
  const lines = markdown.split('\n');
  const begin = lines.indexOf(`## ${heading}`);
  if (begin < 0) throw new Error(`there is no section "${heading}"`);
  const blocks: Block[] = [];
  for (let i = begin + 1; i < lines.length && !lines[i]?.startsWith('## '); i++) {
    const language = /^```(\w+)$/.exec(lines[i] ?? '')?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i);
    if (end < 0) throw new Error(`the block at line ${i + 1} does not end`);
    blocks.push({ language, line: i + 2, text: lines.slice(i + 1, end).join('\n') });
    i = end;
  }
  return blocks;
}

/** What two runs of a tour have in common: times are those of the README, and blanks at the end of lines are left out. */
export function comparable(answer: string): string {
  return answer
    .replace(/"([cm]time)": "\d{10}"/g, '"$1": "1700000000"')
    .replace(/[ \t]+$/gm, '')
    .trimEnd();
}
