import type { catalogueContract } from '../../../../shared/contract/catalogue.ts'
import type { QueryHandlers } from '../../context.ts'
import { previewPaste } from './paste.ts'
import {
  listBases,
  listEquipment,
  listFactories,
  listLines,
  listMerchants,
  listProducts,
  listSkus,
  listStreamers,
  listStudios,
  readReference,
} from './repo.ts'

export const catalogueQueries: QueryHandlers<typeof catalogueContract> = {
  'catalogue/bases': (_, { db }) => listBases(db),
  'catalogue/factories': ({ baseId }, { db }) => listFactories(db, baseId),
  'catalogue/lines': ({ baseId }, { db }) => listLines(db, baseId),
  'catalogue/studios': ({ baseId }, { db }) => listStudios(db, baseId),
  'catalogue/streamers': ({ baseId }, { db }) => listStreamers(db, baseId),
  'catalogue/equipment': ({ baseId }, { db }) => listEquipment(db, baseId),
  'catalogue/merchants': (input, { db }) => listMerchants(db, input),
  'catalogue/products': (input, { db }) => listProducts(db, input),
  'catalogue/skus': (input, { db }) => listSkus(db, input),
  'catalogue/reference': (_, { db }) => readReference(db),
  'catalogue/parsePaste': (input, { db }) => previewPaste(db, input).preview,
}
