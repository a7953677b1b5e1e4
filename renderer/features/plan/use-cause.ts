import { useI18n } from 'vue-i18n'
import type { Sentence } from '../../../shared/contract/planning.ts'
import { useSentence } from '../../app/sentence.ts'

/** Why a plan was made or broken: the sentence, people's own words for it, and how many more events there were. */
export function useCause() {
  const { t } = useI18n()
  const sentence = useSentence()
  return (cause: Sentence): string => {
    const why = cause.params['why']
    const more = cause.params['more']
    return [
      sentence(cause),
      ...(typeof why === 'string' && why !== '' ? [why] : []),
      ...(typeof more === 'number' ? [t('replan.fit.more', { count: more })] : []),
    ].join(' · ')
  }
}
