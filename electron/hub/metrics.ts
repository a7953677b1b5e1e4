import { sql } from 'kysely'
import type { HubContext } from './context.ts'
import { equalTexts } from './crypto.ts'

const LIVE_WITHIN_MS = 30 * 24 * 3_600_000

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a hub process has been asked, and how its belts stand, as Prometheus reads it. */
export class Metrics {
  readonly #hub: HubContext
  readonly #requests = new Map<string, { route: string; status: string; count: number; seconds: number }>()

  constructor(hub: HubContext) {
    this.#hub = hub
  }

  note(route: string, status: number, tookMs: number): void {
    const key = `${route} ${status}`
    const known = this.#requests.get(key) ?? { route, status: String(status), count: 0, seconds: 0 }
    known.count++
    known.seconds += tookMs / 1000
    this.#requests.set(key, known)
  }

  /** @returns text in Prometheus' exposition format, version 0.0.4 */
  async text(): Promise<string> {
    const { db } = this.#hub.database
    const nowMs = this.#hub.clock()
    const belts = await db.selectFrom('belt').selectAll().orderBy('belt').execute()
    const held = await db
      .selectFrom('op')
      .select(['belt', 'state', (eb) => eb.fn.countAll().as('n')])
      .where('state', '<>', 0)
      .groupBy(['belt', 'state'])
      .execute()
    const heldIn = (belt: string, state: number): number =>
      Number(held.find((row) => row.belt === belt && Number(row.state) === state)?.n ?? 0)
    const devices = await db
      .selectFrom('device')
      .select([
        'belt',
        'status',
        (eb) => eb.fn.countAll().as('n'),
        sql<number>`min(case when ${sql.ref('lastSeenMs')} > ${nowMs - LIVE_WITHIN_MS} then ${sql.ref('pulledSeq')} end)`.as(
          'slowest',
        ),
      ])
      .groupBy(['belt', 'status'])
      .orderBy('belt')
      .orderBy('status')
      .execute()
    const claims = await db
      .selectFrom('booking')
      .select(['belt', 'outcome', (eb) => eb.fn.countAll().as('n')])
      .groupBy(['belt', 'outcome'])
      .orderBy('belt')
      .orderBy('outcome')
      .execute()
    const perBelt = (value: (belt: (typeof belts)[number]) => number): Sample[] =>
      belts.map((row) => ({ labels: { belt: row.belt }, value: value(row) }))
    const requests = [...this.#requests.values()]
    const lines = [
      ...family(
        'chanbo_hub_ops_total',
        'counter',
        'Ops in the order of a belt.',
        perBelt(({ nextSeq }) => nextSeq - 1),
      ),
      ...family('chanbo_hub_verdicts', 'gauge', 'Ops in the log by what became of them.', [
        ...belts.flatMap(({ belt, nextSeq }) => {
          const [rejected, quarantined] = [heldIn(belt, 1), heldIn(belt, 2)]
          return [
            { labels: { belt, verdict: 'applied' }, value: nextSeq - 1 - rejected - quarantined },
            { labels: { belt, verdict: 'rejected' }, value: rejected },
            { labels: { belt, verdict: 'quarantined' }, value: quarantined },
          ]
        }),
      ]),
      ...family(
        'chanbo_hub_devices',
        'gauge',
        'Devices by status.',
        devices.map(({ belt, status, n }) => ({ labels: { belt, status }, value: Number(n) })),
      ),
      ...family(
        'chanbo_hub_lag_ops',
        'gauge',
        'Ops that the slowest device seen within 30 days has not read.',
        devices.flatMap(({ belt, status, slowest }) => {
          const last = belts.find((row) => row.belt === belt)
          return status === 'active' && slowest !== null && last
            ? [{ labels: { belt }, value: Math.max(0, last.nextSeq - 1 - Number(slowest)) }]
            : []
        }),
      ),
      ...family(
        'chanbo_hub_claims',
        'gauge',
        'Claims by how they stand.',
        claims.map(({ belt, outcome, n }) => ({ labels: { belt, outcome }, value: Number(n) })),
      ),
      ...family(
        'chanbo_hub_backup_lag_ops',
        'gauge',
        'Ops that no backup holds.',
        perBelt(({ nextSeq, backupWatermark }) => nextSeq - 1 - backupWatermark),
      ),
      ...family(
        'chanbo_hub_epoch',
        'gauge',
        'Rises with every restore.',
        perBelt(({ epoch }) => epoch),
      ),
      ...family(
        'chanbo_hub_recovering',
        'gauge',
        '1 while claims wait for devices to give back what a restore lost.',
        perBelt(({ recoveringUntilMs }) => (recoveringUntilMs === null ? 0 : 1)),
      ),
      ...family(
        'chanbo_hub_requests_total',
        'counter',
        'Requests answered by this process.',
        requests.map(({ route, status, count }) => ({ labels: { route, status }, value: count })),
      ),
      ...family(
        'chanbo_hub_request_seconds_total',
        'counter',
        'Seconds spent answering them.',
        requests.map(({ route, status, seconds }) => ({ labels: { route, status }, value: seconds })),
      ),
    ]
    return `${lines.join('\n')}\n`
  }
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${name}{${labelText(labels)}} ${value}`),
  ]
}

const labelText = (labels: Sample['labels']): string =>
  Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${value.replace(/[\\"\n]/g, (found) => (found === '\n' ? '\\n' : `\\${found}`))}"`,
    )
    .join(',')

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/**
 * Who may read the metrics: whoever holds the token where one is set, else only this machine itself. A request that a proxy
 * passed on comes from anywhere.
 */
export function mayReadMetrics(
  request: { ip: string; headers: Readonly<Record<string, unknown>> },
  token: string | null,
): boolean {
  if (token !== null) {
    const given = request.headers['authorization']
    return typeof given === 'string' && equalTexts(given, `Bearer ${token}`)
  }
  const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some(
    (name) => name in request.headers,
  )
  return LOOPBACK.has(request.ip) && !passedOn
}
