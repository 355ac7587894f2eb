/** What an examination of the golden request leaves, as the store takes it. */
import type { Finished } from '../../src/store/verdicts.ts'
import { finishedOf } from '../../workers/finished.ts'
import { examineGolden } from '../golden/request.ts'

export const finishedExample = async (id?: string): Promise<Finished> =>
  finishedOf(await examineGolden({}, id === undefined ? {} : { id, platform: 'linux/arm64' }))
