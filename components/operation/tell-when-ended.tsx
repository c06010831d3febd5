import { useId } from "react";
import { Switch } from "../ui/switch.tsx";
import { type NotificationChoice, useNotificationChoice } from "./end-notification.ts";

const EXPLANATIONS: Record<NotificationChoice, string> = {
  on: "Your browser notifies you, as long as this page is open in a tab.",
  off: "Your browser can notify you, as long as this page is open in a tab.",
  denied:
    "Your browser does not allow notifications from this site. Allow them in its settings for this site. Until then, the tab's title tells you when it ends.",
  unsupported: "Your browser has no notifications here. The tab's title tells you when it ends.",
};

/** A switch for the notification at the end. The browser remembers it. */
export function TellWhenEnded() {
  const { state, switchTo } = useNotificationChoice();
  const id = useId();
  return (
    <div className="pba:grid pba:gap-0.5">
      <div>
        <Switch
          isOn={state === "on"}
          disabled={state === "denied" || state === "unsupported"}
          onChange={(isOn) => void switchTo(isOn)}
          aria-describedby={id}
        >
          Tell me when it ends
        </Switch>
      </div>
      <p id={id} aria-live="polite" className="pba:text-xs pba:text-muted">
        {EXPLANATIONS[state]}
      </p>
    </div>
  );
}
