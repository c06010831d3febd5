import {
  type UseMutationOptions,
  type UseMutationResult,
  useMutation,
} from "@tanstack/react-query";
import { useReducer } from "react";

/**
 * A mutation that is pending as soon as it is started. React Query reports that a moment later, and a second press of
 * the button may be quicker.
 */
export function usePromptMutation<Answer, Payload>(
  options: UseMutationOptions<Answer, Error, Payload>,
): UseMutationResult<Answer, Error, Payload> {
  const mutation = useMutation(options);
  const [, render] = useReducer((count: number) => count + 1, 0);
  return {
    ...mutation,
    mutate: (...args) => {
      mutation.mutate(...args);
      render();
    },
    mutateAsync: (...args) => {
      const answer = mutation.mutateAsync(...args);
      render();
      return answer;
    },
  };
}
