// Who asked an index what, so that a change of it can name those who have to ask again.
// The rule: a question is noted before it is answered; nobody can lean on an answer and not hear that it became another one.

const NOTHING: readonly Question[] = [];

/** Somebody who leans on answers. */
export class Reader {
  /** What it asked when its notes were kept last. */
  asked: readonly Question[] = NOTHING;
}

/** One question: "the routes of s1", "the object with this key". What answers it is kept by those who extend this. */
export class Question {
  readers: Reader[] = [];
  /** In which notes it stands, now and as kept before; so that telling takes no search. */
  noted = 0;
  kept = 0;
  /** `wider`: the one about the whole kind, for those who would ask thousands of single ones. Absent: it is the widest. */
  constructor(readonly wider?: Question) {}
}

/** What is asked between a start and the keeping of it. */
export class Notes {
  private number = 0;
  /** Of this round are the first `count`; what stands after them is of longer rounds before. */
  private readonly asking: Question[] = [];
  private count = 0;

  start(): void {
    this.number += 1;
    this.count = 0;
  }

  add(question: Question): void {
    if (question.noted === this.number) return;
    question.noted = this.number;
    this.asking[this.count] = question;
    this.count += 1;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** From now on the reader leans on what was noted, and on nothing else. */
  keep(reader: Reader): void {
    for (const question of reader.asked) {
      if (question.noted === this.number) question.kept = this.number;
      else leave(question, reader);
    }
    reader.asked = this.count === 0 ? NOTHING : this.asking.slice(0, this.count);
    for (const question of reader.asked) if (question.kept !== this.number) question.readers.push(reader);
  }

  forget(reader: Reader): void {
    for (const question of reader.asked) leave(question, reader);
    reader.asked = NOTHING;
  }
}

function leave(question: Question, reader: Reader): void {
  const { readers } = question;
  const at = readers.indexOf(reader);
  if (at < 0) return;
  const last = readers.pop();
  if (last && last !== reader) readers[at] = last;
}
