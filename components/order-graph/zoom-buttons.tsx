import { Button } from "../ui/button.tsx";
import { Maximize, ZoomIn, ZoomOut } from "../ui/icons.ts";
import { ZOOM_STEP } from "./view.ts";

interface ZoomButtonsProps {
  onZoom: (factor: number) => void;
  onShowAll: () => void;
}

export const ZoomButtons = ({ onZoom, onShowAll }: ZoomButtonsProps) => (
  <div className="pba:absolute pba:right-3 pba:bottom-3 pba:flex pba:gap-1">
    <Button size="icon" aria-label="Zoom in" onClick={() => onZoom(ZOOM_STEP)}>
      <ZoomIn aria-hidden />
    </Button>
    <Button size="icon" aria-label="Zoom out" onClick={() => onZoom(1 / ZOOM_STEP)}>
      <ZoomOut aria-hidden />
    </Button>
    <Button size="icon" aria-label="Show all" onClick={onShowAll}>
      <Maximize aria-hidden />
    </Button>
  </div>
);
