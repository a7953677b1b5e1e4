import { Refusal } from '../../../../shared/contract/result.ts'
import type { appContract } from '../../../../shared/contract/app.ts'
import { prepared } from '../../../sqlite/prepared.ts'
import type { CommandHandlers } from '../../context.ts'

export const peopleCommands: CommandHandlers<typeof appContract> = {
  'person/save': ({ id, name, shortName, role, baseId, active }, { db, write }) => {
    const fields = { name, shortName: shortName === '' ? name.slice(0, 4) : shortName, role, baseId, active }
    if (id === null) return { id: write.create('person', fields) }
    write.set('person', id, fields)
    const administrators = prepared<[], { n: number }>(
      db,
      `SELECT count(*) AS n FROM person WHERE role = 'administrator' AND active = 1 AND deleted = 0`,
    ).get()
    if ((administrators?.n ?? 0) === 0) throw new Refusal('last-administrator')
    return { id }
  },
}
