type Command = Record<string, unknown>
type Answers = Record<string, (command: Command) => Promise<unknown>>

const answers: Answers = {}
const records: { kind: string; value: unknown }[] = []

/** Notes something the shell did, for the test to ask about. */
export function record(kind: string, value: unknown): void {
  records.push({ kind, value: JSON.parse(JSON.stringify(value ?? null)) as unknown })
}

/** Commands a test may send over the child process's IPC channel: `{n, name, …}`, answered by `{n, value}`. */
export function onControl(more: Answers): void {
  Object.assign(answers, more)
}

onControl({
  records: async ({ kind }) => records.filter((item) => item.kind === kind).map((item) => item.value),
})

process.on('message', (command: Command) => {
  const { n, name } = command
  const answer = answers[String(name)]
  const result = answer ? answer(command) : Promise.reject(new Error(`unknown command ${String(name)}`))
  result.then(
    (value) => process.send?.({ n, value: value ?? null }),
    (error: unknown) => process.send?.({ n, error: String(error) }),
  )
})
