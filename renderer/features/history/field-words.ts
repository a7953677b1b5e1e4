import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ShownValue } from '../../../shared/contract/history.ts'
import { useFormat } from '../../app/format.ts'

export interface FieldWords {
  readonly table: (name: string) => string
  readonly field: (name: string) => string
  readonly value: (value: ShownValue) => string
}

/** Fields and their values in people's words; what a newer version sent is shown by its own name. */
export function useFieldWords(): ComputedRef<FieldWords> {
  const i18n = useI18n()
  const format = useFormat()
  return computed(() => {
    const { t } = i18n
    // i18n-dynamic: field.table.* field.name.* field.choice.*
    const word = (key: string, fallback: string) => (i18n.te(key) ? t(key) : fallback)
    const name = (text: string) => (text === '' ? t('field.unknown') : text)
    return {
      table: (table) => word(`field.table.${table}`, table),
      field: (field) => word(`field.name.${field}`, field),
      value: (value) => {
        switch (value.kind) {
          case 'empty':
            return t('field.empty')
          case 'unknown':
            return t('field.unknown')
          case 'text':
            return value.text
          case 'choice':
            return word(`field.choice.${value.text}`, value.text)
          case 'number':
            return format.value.number(value.number)
          case 'time':
            return format.value.dateTime(value.number)
          case 'minute':
            return format.value.dayMinute(value.number)
          case 'money':
            return format.value.yuan(value.number)
          case 'yes-no':
            return value.yes ? t('field.yes') : t('field.no')
          case 'names':
            return value.names.length === 0 ? t('field.empty') : format.value.list(value.names.map(name))
          case 'list':
            return t('field.items', { count: value.count }, value.count)
        }
      },
    }
  })
}
