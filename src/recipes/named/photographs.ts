// Photographs: AlexNet trained on ImageNet, taught another set by one image per class (Wang et al. 2018), and two cases
// that are not the paper's.
import { parseRecipe } from "../parse.ts";
import type { Recipe } from "../recipe.ts";

const augment = { resizedCrop: true, flip: true };

const fromImageNet = {
  model: { name: "alexNet" },
  // torchvision's weights as a state_dict: python3 -c "import torchvision, safetensors.torch as s;
  // s.save_file(torchvision.models.alexnet(weights='DEFAULT').state_dict(), 'weights/alexnet.safetensors')"
  init: { kind: "pretrained", pool: "weights/alexnet.safetensors", freshLastLayer: true },
  method: { steps: 1, learningRate: 0.001 },
  outer: { epochs: 200, decayEvery: 30 },
  evaluate: { networks: 1 },
};

export const photographRecipes: readonly Recipe[] = [
  {
    ...fromImageNet,
    name: "voc-alexnet",
    summary: "20 images that teach PASCAL VOC to one AlexNet trained on ImageNet",
    data: { name: "voc2007", size: 224, augment },
    paper: { accuracy: 70.75, text: "on the objects of PASCAL VOC 2007" },
  },
  {
    ...fromImageNet,
    name: "cub-alexnet",
    summary: "200 images that teach 200 kinds of birds to one AlexNet trained on ImageNet",
    data: { name: "cub200", size: 224, augment },
    paper: { accuracy: 38.76, text: "on CUB-200-2011" },
  },
].map((recipe) => parseRecipe(recipe, recipe.name));
