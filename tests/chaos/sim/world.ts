import { HubRefused, HubUnreachable } from '../../../electron/core/sync/transport.ts'
import { chanceOf } from './chance.ts'
import { settle } from './crash.ts'
import { Crash } from './crash.ts'
import { SimDevice, type Flight } from './device.ts'
import type { Fate, SimEvent } from './events.ts'
import { SimHub, type Request } from './hub.ts'
import { Ledger } from './ledger.ts'
import { HUB_SEED, START_MS, type Template } from './template.ts'
import { actAs } from './versions.ts'
import { Watch } from './watch.ts'
import { perform } from './writes.ts'

/** Everything of one run. */
export class World {
  readonly seed: number
  readonly template: Template
  readonly hub: SimHub
  readonly devices: SimDevice[]
  readonly ledger = new Ledger()
  readonly watch: Watch
  nowMs = START_MS
  steps = 0
  /** Events that would have lost two of a thing's two last copies at once, and were left out. */
  spared = 0
  readonly #ghosts: Request[] = []
  #copies = 0

  constructor(seed: number, template: Template) {
    this.seed = seed
    this.template = template
    this.hub = new SimHub(template.hub, HUB_SEED, () => this.nowMs)
    this.devices = template.devices.map(
      ({ name, image, keys }) =>
        new SimDevice({
          name,
          image,
          keys,
          now: () => this.nowMs,
          chance: chanceOf('device', seed, name),
          plain: (path, body) => this.hub.plain(path, body),
        }),
    )
    this.watch = new Watch(this)
  }

  close(): void {
    for (const device of this.devices) device.close()
    this.hub.close()
    actAs(1)
  }

  deviceAt(index: number): SimDevice {
    return this.devices[index % this.devices.length]!
  }

  async happen(event: SimEvent): Promise<void> {
    this.steps++
    this.nowMs += 1 + (event.draw % 700)
    switch (event.kind) {
      case 'write':
        return this.#write(this.deviceAt(event.device), event)
      case 'go':
        for (const fate of event.fates) await this.pump(this.deviceAt(event.device), fate, event.draw)
        return
      case 'ghost':
        return this.#ghost(event.draw)
      case 'crash': {
        const device = this.deviceAt(event.device)
        if (event.after > 0) device.crashAfter(event.after)
        else device.start()
        break
      }
      case 'backup': {
        const device = this.deviceAt(event.device)
        device.backups.push(device.db.serialize())
        if (device.backups.length > 3) device.backups.shift()
        break
      }
      case 'restore':
        this.#restoreDevice(this.deviceAt(event.device), event.draw)
        break
      case 'copy':
        this.#copy(this.deviceAt(event.device))
        break
      case 'upgrade': {
        const device = this.deviceAt(event.device)
        device.version = 2
        device.start()
        break
      }
      case 'revoke':
        this.#revoke(this.deviceAt(event.device))
        break
      case 'skew':
        this.deviceAt(event.device).skewMs = event.ms
        break
      case 'hub-skew':
        this.hub.skewMs = event.ms
        break
      case 'hub-backup':
        this.hub.backUp()
        break
      case 'hub-restore':
        this.#restoreHub(event.draw)
        break
      case 'truncate':
        actAs(1)
        await this.hub.truncate(event.draw)
        this.watch.afterHub()
        break
      case 'pass':
        this.nowMs += event.ms
        await this.attend()
        break
    }
    await settle()
  }

  async attend(): Promise<void> {
    actAs(1)
    await this.hub.attend()
    this.watch.afterHub()
  }

  /** One step of a device's life with its hub. @returns whether there was one */
  async pump(device: SimDevice, fate: Fate, draw: number, patienceMs = 30_000): Promise<boolean> {
    actAs(device.version)
    if (device.isDead) {
      device.start()
      await settle()
      this.steps++
    }
    if (device.flights.length > 0) {
      this.steps++
      await this.#carry(device, fate, draw)
    } else {
      const dueMs = device.dueInMs()
      if (dueMs === null || dueMs > patienceMs) return false
      if (dueMs > 0) this.nowMs += dueMs
      this.steps++
      device.runTimer()
      await settle()
    }
    this.watch.after(device)
    return true
  }

  async #carry(device: SimDevice, fate: Fate, draw: number): Promise<void> {
    const at = draw % 5 === 0 ? draw % device.flights.length : 0
    const [flight] = device.flights.splice(at, 1)
    this.nowMs += 20 + (draw % 300)
    const lost = new HubUnreachable(fate)
    switch (fate) {
      case 'lost':
        flight!.reject(lost)
        break
      case 'cut':
        for (const other of [flight!, ...device.flights.splice(0)]) other.reject(lost)
        break
      case 'late':
        this.#ghosts.push({ path: flight!.path, body: flight!.body, identity: flight!.identity })
        if (this.#ghosts.length > 4) this.#ghosts.shift()
        flight!.reject(lost)
        break
      case 'hub-dies':
        this.hub.crashAfter(draw % 40)
        await this.#deliver(device, flight!, false)
        break
      case 'answer-lost':
        await this.#deliver(device, flight!, true)
        break
      case 'twice':
        await this.#deliver(device, flight!, false)
        await this.#atHub(flight!).catch(ignoreRefusals)
        break
      case 'device-dies':
        await this.#atHub(flight!).catch(ignoreRefusals)
        device.start()
        break
      case 'ok':
        await this.#deliver(device, flight!, false)
    }
    await settle()
  }

  async #deliver(device: SimDevice, flight: Flight, answerLost: boolean): Promise<void> {
    try {
      const body = await this.#atHub(flight)
      actAs(device.version)
      if (body === null || answerLost) flight.reject(new HubUnreachable('no answer'))
      else flight.resolve({ body, wireBytes: flight.body.length + body.length })
    } catch (error) {
      const refusal = refusalIn(error)
      actAs(device.version)
      flight.reject(refusal)
    }
    await settle()
  }

  async #atHub(request: Request): Promise<Uint8Array | null> {
    actAs(1)
    const answer = await this.hub.handle(request)
    this.watch.afterHub()
    return answer
  }

  async #ghost(draw: number): Promise<void> {
    const [request] = this.#ghosts.splice(draw % Math.max(1, this.#ghosts.length), 1)
    if (request) await this.#atHub(request).catch(ignoreRefusals)
  }

  async #write(device: SimDevice, event: SimEvent & { kind: 'write' }): Promise<void> {
    actAs(device.version)
    if (device.isDead) device.start()
    try {
      perform(device, event.what, event.draw, this.template.rows, this.ledger)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      device.start()
    }
    await settle()
    this.watch.after(device)
  }

  #restoreDevice(device: SimDevice, draw: number): void {
    const image = device.backups[draw % Math.max(1, device.backups.length)]
    if (!image) return
    if (this.watch.lostAtHub().length > 0) {
      this.spared++
      return
    }
    device.useImage(image)
    this.watch.diskChanged(device)
  }

  #copy(device: SimDevice): void {
    if (this.#copies >= 2) return
    const name = `${device.name}'${++this.#copies}`
    const copy = new SimDevice({
      name,
      image: device.db.serialize(),
      keys: device.keys,
      now: () => this.nowMs,
      chance: chanceOf('device', this.seed, name),
      plain: (path, body) => this.hub.plain(path, body),
      isCopy: true,
      version: device.version,
    })
    this.devices.push(copy)
    this.ledger.copy(device.name, name)
  }

  #revoke(device: SimDevice): void {
    if (device.name === 'founder' || device.isCopy) return
    // What it has not given back to a restored hub would wait for an administrator, while others hold it for accepted.
    if (this.watch.lostAtHub().some((op) => op.startsWith(device.keys.author))) {
      this.spared++
      return
    }
    this.hub.raw
      .prepare(`UPDATE device SET status = 'revoked', revokedMs = ? WHERE author = ?`)
      .run(this.nowMs, device.keys.author)
  }

  #restoreHub(draw: number): void {
    const image = this.hub.backups[draw % Math.max(1, this.hub.backups.length)]
    if (!image) return
    if (!this.watch.survives(image)) {
      this.spared++
      return
    }
    this.nowMs += 5000
    this.hub.restore(image)
    this.watch.hubRestored()
  }
}

/** @throws what a hub never answers: an invariant that broke, or a fault of its own */
function refusalIn(error: unknown): HubRefused {
  if (error instanceof HubRefused) return error
  throw error
}

function ignoreRefusals(error: unknown): null {
  refusalIn(error)
  return null
}
