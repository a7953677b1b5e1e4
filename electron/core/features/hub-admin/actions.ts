import type { z } from 'zod'
import type { HeldStep, hubAdminContract, HubOverview } from '../../../../shared/contract/hub-admin.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import { fieldsOf } from '../../../../shared/domain/table.ts'
import { TABLES } from '../../../../shared/domain/tables.ts'
import type { Fields } from '../../../../shared/ops/types.ts'
import {
  adminCodeSchema,
  adminOverviewSchema,
  adminSettledSchema,
  type AdminOverview,
  type AdminRequest,
} from '../../../../shared/wire/admin.ts'
import type { Db } from '../../../sqlite/open.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { ActionHandlers } from '../../context.ts'
import { labelOf } from '../../labels.ts'
import type { Services } from '../../services.ts'
import { shownValue } from '../../shown.ts'
import { readLink } from '../../sync/link.ts'

export const hubAdminActions: ActionHandlers<typeof hubAdminContract> = {
  'hub/overview': async (_, { services }) =>
    overviewOf(services, adminOverviewSchema.parse(await ask(services, { ask: 'overview' }))),
  'hub/revoke': async ({ author }, { services }) => {
    await ask(services, { ask: 'revoke', author })
    return null
  },
  'hub/makeCode': async ({ role, baseId }, { services }) => {
    const made = adminCodeSchema.parse(await ask(services, { ask: 'code', role, baseId }))
    return { ...made, url: requireAdmin(services).url }
  },
  'hub/settleHeld': async ({ hubSeqs, choice }, { services }) =>
    adminSettledSchema.parse(await ask(services, { ask: 'settle', hubSeqs, choice })),
}

/** @throws Refusal `hub-none`, or `hub-not-administrator` for a device whose certificate is for something else */
function requireAdmin(services: Services): { url: string } {
  const link = readLink(services.belt().store)
  if (!link) throw new Refusal('hub-none')
  if (link.certificate.role !== 'administrator') throw new Refusal('hub-not-administrator')
  return link
}

async function ask(services: Services, request: AdminRequest): Promise<unknown> {
  requireAdmin(services)
  const answer = await services.sync.ask('admin', Buffer.from(JSON.stringify(request)))
  return JSON.parse(Buffer.from(answer).toString('utf8')) as unknown
}

function overviewOf(services: Services, told: AdminOverview): HubOverview {
  const { store, keys } = services.belt()
  const names = new Map(told.devices.map(({ author, name }) => [author, name]))
  return {
    epoch: told.epoch,
    lastSeq: told.lastSeq,
    backupWatermark: told.backupWatermark,
    recovering: told.recovering,
    clockDifferenceMs: told.hubTimeMs - services.clock(),
    devices: told.devices.map(({ previousAuthor, ...device }) => ({
      ...device,
      isThis: device.author === keys.author,
      replaces: previousAuthor === null ? null : (names.get(previousAuthor) ?? previousAuthor),
    })),
    held: told.held.map((step) => heldOf(store.db, step, names.get(step.author) ?? step.author)),
    heldTotal: told.heldTotal,
  }
}

type ToldStep = z.output<typeof adminOverviewSchema>['held'][number]

function heldOf(db: Db, step: ToldStep, deviceName: string): HeldStep {
  const { hubSeq, author, reason, atMs, kind, table, row, person } = step
  const fields = step.fields as Fields
  const known = TABLES.get(table)
  const named = fields['name'] ?? fields['title'] ?? fields['label']
  return {
    hubSeq,
    author,
    deviceName,
    personName:
      person === null
        ? null
        : (prepared<[string], { name: string }>(db, 'SELECT name FROM person WHERE id = ?').get(person)
            ?.name ?? null),
    reason,
    atMs,
    kind,
    table,
    label: typeof named === 'string' && named !== '' ? named : labelOf(db, table, row),
    fields: known
      ? fieldsOf(known)
          .filter(({ name }) => fields[name] !== undefined && fields[name] !== null && fields[name] !== '')
          .map(({ name, field }) => ({ name, value: shownValue(db, name, field, fields[name]) }))
      : [],
  }
}
