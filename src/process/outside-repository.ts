/**
 * The variables that make git ignore the current directory's repository: its configuration may be broken, and its helpers are
 * commands that its author chose. Inherited variables (git rev-parse --local-env-vars) must not name one; the user's `-c` and
 * GIT_CONFIG_COUNT count.
 */
export const OUTSIDE_REPOSITORY: Readonly<Record<string, string | undefined>> = {
  GIT_DIR: '/dev/null',
  GIT_COMMON_DIR: undefined,
  GIT_IMPLICIT_WORK_TREE: undefined,
  GIT_PREFIX: undefined,
  GIT_WORK_TREE: undefined,
}
